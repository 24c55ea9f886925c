"""What the office keeps beside the cases: review policy, conflicts of interest, signals, reminders, saved filters."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from access_portal.applications.models.case import Application


class ReviewPolicy(models.Model):
    """How cases of one family are reviewed. A family without a row has the defaults below."""

    class Eyes(models.TextChoices):
        TWO = "two", _("One person may decide alone")
        FOUR = "four", _("Always two people: one recommends, another approves")
        SOME = "some", _("Two people for some cases")

    family = models.OneToOneField("release.Family", on_delete=models.PROTECT, related_name="review_policy")
    eyes = models.CharField(max_length=10, choices=Eyes.choices, default=Eyes.TWO)
    # With `some`: four eyes when one of these sizes is asked for, or for these positions of the applicant.
    four_eyes_sizes = models.JSONField(default=list, blank=True)
    four_eyes_positions = models.JSONField(default=list, blank=True)
    target_days = models.PositiveSmallIntegerField(default=10)  # for staff; after that a case is overdue
    answer_days = models.PositiveSmallIntegerField(default=30)  # for an applicant who was asked something
    draft_days = models.PositiveSmallIntegerField(default=90)  # a draft that nobody touches lapses after that
    cool_off_days = models.PositiveSmallIntegerField(default=0)  # between a refusal or withdrawal and a new draft
    appeal_days = models.PositiveSmallIntegerField(default=30)
    retention_days = models.PositiveSmallIntegerField(default=730)  # from closing until answers are forgotten

    class Meta:
        verbose_name_plural = "review policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(target_days__gte=1, answer_days__gte=1, draft_days__gte=1, appeal_days__gte=1),
                name="review_policy_gives_time",
            )
        ]

    def __str__(self) -> str:
        return f"Review policy of {self.family}"


class Conflict(models.Model):
    """A member of staff declares to stand too near: to one case, to one person, or to everybody at a mail domain."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="conflicts")
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, blank=True, related_name="conflicts"
    )
    applicant = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    domain = models.CharField(max_length=253, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    declared_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(application__isnull=False) | Q(applicant__isnull=False) | ~Q(domain=""),
                name="conflict_is_about_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.application_id or self.applicant_id or self.domain}"


class QueueLine(models.Model):
    """What the queue searches of a case, copied at each sending from its answers, which no index reaches."""

    application = models.OneToOneField(
        Application, on_delete=models.CASCADE, primary_key=True, related_name="queue_line"
    )
    institution = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=100, blank=True)
    position = models.CharField(max_length=60, blank=True)
    domain = models.CharField(max_length=253, blank=True)  # of the applicant's address

    class Meta:
        indexes = [models.Index(fields=[name]) for name in ("institution", "country", "position", "domain")]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.institution}"


class Signal(models.Model):
    """Something worth a look, with its source. It informs; people decide."""

    class Level(models.TextChoices):
        GOOD = "success", _("speaks for it")
        NOTE = "info", _("to know")
        LOOK = "warning", _("look at this")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="signals")
    round = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=40)  # `free_mail`, `duplicate_applicant`, ...
    level = models.CharField(max_length=10, choices=Level.choices)
    value = models.CharField(max_length=300)  # what was seen
    source = models.CharField(max_length=100)  # where, with the version of a list
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "round", "kind", "value"], name="signal_once_each_round")
        ]
        ordering = ["pk"]
        indexes = [models.Index(fields=["kind", "application"])]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.kind}"


class Reminder(models.Model):
    """A reminder that has been sent about a deadline, so that no rerun sends it twice."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="reminders")
    kind = models.CharField(max_length=40)
    due_at = models.DateTimeField()  # the deadline it was about
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "kind", "due_at"], name="reminder_once_each_deadline")
        ]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.kind}"


class SavedFilter(models.Model):
    """A view of the queue that a reviewer comes back to."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)  # the part of the queue's address after the question mark

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="saved_filter_name_once")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
