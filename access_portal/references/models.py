"""Whom an applicant names to vouch for the work, the letters that asked them, and what they answered."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

LETTERS_A_DAY = 3  # to one address, from all applications together


class Reference(models.Model):
    """One person asked about one application. They need no account, and answer once."""

    class Kind(models.TextChoices):
        SUPERVISOR = "supervisor", _("Supervisor")
        REFEREE = "referee", _("Referee")

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", _("I know of this work and stand behind it")
        DENIED = "denied", _("I do not know this person, or I do not know of this work")
        UNSURE = "unsure", _("I cannot say")

    class Status(models.TextChoices):
        """Where it stands; worked out from the columns, never stored."""

        WAITING = "waiting", _("not asked yet")
        ASKED = "asked", _("asked")
        EXPIRED = "expired", _("did not answer")
        ANSWERED = "answered", _("answered")
        SUPERSEDED = "superseded", _("no longer named")

    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="references")
    round = models.PositiveSmallIntegerField()  # in which they were named first
    kind = models.CharField(max_length=20, choices=Kind.choices)
    name = models.CharField(max_length=200, blank=True)  # as the applicant wrote it
    email = models.EmailField(blank=True)
    address = models.CharField(max_length=254)  # `email` as `addresses.same_box` writes it: who is asked too often
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)  # by the latest letter that was no reminder
    expires_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)  # the applicant names somebody else now
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_round = models.PositiveSmallIntegerField(null=True, blank=True)  # what they had before them
    verdict = models.CharField(max_length=20, choices=Verdict.choices, blank=True)
    comment = models.TextField(blank=True)  # for reviewers only
    answered_name = models.CharField(max_length=200, blank=True)  # as they write it themselves

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind", "address"], name="nobody_is_asked_twice_about_a_case"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, verdict="") | (Q(answered_at__isnull=False) & ~Q(verdict="")),
                name="an_answer_has_a_verdict_and_a_time",
            ),
            models.CheckConstraint(
                condition=Q(asked_at__isnull=True) | Q(expires_at__isnull=False), name="a_question_ends"
            ),
        ]
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=Q(answered_at__isnull=True, superseded_at__isnull=True),
                name="reference_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.kind}"

    def status(self, now: datetime) -> Reference.Status:
        if self.answered_at is not None:
            return self.Status.ANSWERED
        if self.superseded_at is not None:
            return self.Status.SUPERSEDED
        if self.asked_at is None or self.expires_at is None:
            return self.Status.WAITING
        return self.Status.ASKED if now < self.expires_at else self.Status.EXPIRED


class Letter(models.Model):
    """One mail to a person named, with a link of its own; only the SHA-256 of its 256 random bits is kept.

    The place in the day is part of the key, so that no race sends a fourth letter to one address.
    """

    reference = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="letters")
    address = models.CharField(max_length=254)
    day = models.DateField()
    place = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(  # nobody when it went out by itself
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address", "day", "place"], name="letters_of_a_day_have_places"),
            models.CheckConstraint(
                condition=Q(place__gte=1, place__lte=LETTERS_A_DAY), name="few_letters_a_day_to_one_address"
            ),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"letter {self.pk} about {self.reference_id}"
