"""What people judge about a case: opinions, recommendations, decisions, appeals. Written once, never rewritten."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from access_portal.applications.models.case import Application


class Verdict(models.TextChoices):
    """What somebody would answer, or has answered."""

    APPROVE = "approve", _("Approve")
    REFUSE_FIXABLE = "refuse_fixable", _("Refuse; can be mended")
    REFUSE_FINAL = "refuse_final", _("Refuse for good")


class Opinion(models.Model):
    """A colleague's view; who has not given theirs for this round does not see the others'."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="opinions")
    round = models.PositiveSmallIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="opinions")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "round", "by"], name="one_opinion_each_round")]
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.verdict}"


class Recommendation(models.Model):
    """What the reviewer proposes to the decider, with the checklist as it was ticked."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="recommendations")
    round = models.PositiveSmallIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="recommendations")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    code = models.CharField(max_length=40, blank=True)  # of `reasons.REASONS`, for a refusal
    text = models.TextField()  # to the decider
    checked = models.JSONField(default=list)  # ids of the checklist
    doubt = models.BooleanField(default=False)  # the reviewer asks for a second pair of eyes
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.verdict}"


class Decision(models.Model):
    """The answer of the house. A final refusal is written by one decider and confirmed by another."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="decisions")
    applicant = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    code = models.CharField(max_length=40, blank=True)  # of `reasons.REASONS`, for a refusal
    text = models.TextField()  # what the applicant reads
    what_to_change = models.TextField(blank=True)  # before applying again
    retry_from = models.DateField(null=True, blank=True)  # applying again makes no sense before
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions_confirmed"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)  # taken back before the mail left

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(by=F("applicant")), name="nobody_decides_their_own_case"),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | (~Q(confirmed_by=F("applicant")) & ~Q(confirmed_by=F("by"))),
                name="a_second_person_confirms",
            ),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.APPROVE) | (~Q(code="") & ~Q(text="")),
                name="a_refusal_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.REFUSE_FIXABLE) | ~Q(what_to_change=""),
                name="a_fixable_refusal_says_what_to_change",
            ),
        ]
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.verdict}"

    @property
    def given_at(self) -> datetime:
        """When the answer was given: a final refusal, when it was confirmed. Every time that follows runs from here."""
        return self.confirmed_at or self.at


class Appeal(models.Model):
    """The applicant objects to a refusal, once; somebody who had no part in it answers."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="appeal")
    against = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="appeals")
    text = models.TextField()
    at = models.DateTimeField()
    upheld = models.BooleanField(null=True)  # the refusal was wrong: the case is looked at again
    ground = models.TextField(blank=True)  # what the applicant reads
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="appeals_decided"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"appeal of {self.application_id}"
