"""An application: a question about one model family, and its answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from access_portal.applications.workflow import DECIDED_STATES, OPEN_STATES, State

__all__ = ["CLAIM_LASTS", "DECIDED_STATES", "OPEN_STATES", "Application", "State"]

CLAIM_LASTS = timedelta(hours=2)  # then a colleague may take the case over


class Application(models.Model):
    """One person's request for one family; its answers are frozen when it is submitted (a trigger holds that)."""

    number = models.CharField(max_length=20, unique=True, null=True)  # noqa: DJ001 - made from the key just after insert
    applicant = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="applications")
    family = models.ForeignKey("release.Family", on_delete=models.PROTECT, related_name="applications")
    acceptance = models.ForeignKey("licences.LicenceAcceptance", on_delete=models.PROTECT, related_name="applications")
    state = models.CharField(max_length=20, choices=State.choices, default=State.SUBMITTED)
    version = models.PositiveIntegerField(default=1)  # grows with each command: the optimistic lock
    form_version = models.PositiveSmallIntegerField(default=1)
    answers = models.JSONField()
    submitted_at = models.DateTimeField(default=timezone.now)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="claimed_applications",
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decided_applications",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_code = models.CharField(max_length=40, blank=True)
    decision_text = models.TextField(blank=True)  # what the applicant reads
    may_reapply = models.BooleanField(null=True)  # said with a refusal
    what_to_change = models.TextField(blank=True)  # before applying again

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["applicant", "family"],
                condition=Q(state__in=["submitted", "in_review"]),
                name="one_open_application",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="application_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "refused"]) | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="application_decision_has_a_name_and_a_time",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("applicant")),
                name="nobody_decides_their_own_case",
            ),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True) | ~Q(claimed_by=F("applicant")),
                name="nobody_claims_their_own_case",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused")
                | (Q(may_reapply__isnull=False) & ~Q(decision_code="") & ~Q(decision_text="")),
                name="application_refusal_says_why_and_what_next",
            ),
        ]
        indexes = [models.Index(fields=["state", "submitted_at"])]

    def __str__(self) -> str:
        return self.number or f"application {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether a decision or a withdrawal is still to come."""
        return self.state in OPEN_STATES

    @property
    def subject(self) -> str:
        """The name of this application's chain in the event log."""
        return f"application:{self.number}"

    def held_by_other(self, user_id: int, now: datetime) -> bool:
        """Whether somebody else took this case and their claim has not lapsed."""
        if self.claimed_by_id is None or self.claimed_at is None or self.claimed_by_id == user_id:
            return False
        return now < self.claimed_at + CLAIM_LASTS
