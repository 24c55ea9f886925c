"""An application: a question about one model family, and its answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """Where an application stands; `workflow.py` says who may do what in each."""

    SUBMITTED = "submitted", _("Submitted")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN_STATES = (State.SUBMITTED, State.IN_REVIEW)
DECIDED_STATES = (State.APPROVED, State.REFUSED)


class Application(models.Model):
    """One person's request for one family; its answers are frozen when it is submitted."""

    number = models.CharField(max_length=20, unique=True, null=True)  # noqa: DJ001 - made from the key just after insert
    applicant = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="applications"
    )
    family = models.ForeignKey("release.Family", on_delete=models.PROTECT, related_name="applications")
    acceptance = models.ForeignKey(
        "licences.LicenceAcceptance", on_delete=models.PROTECT, related_name="applications"
    )
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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["applicant", "family"],
                condition=Q(state__in=["submitted", "in_review"]),
                name="one_open_application",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="application_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "refused"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="application_decision_has_a_name_and_a_time",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("applicant")),
                name="nobody_decides_their_own_case",
            ),
        ]
        indexes = [models.Index(fields=["state", "submitted_at"])]

    def __str__(self) -> str:
        return self.number or f"application {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether a decision or a withdrawal is still to come."""
        return self.state in OPEN_STATES
