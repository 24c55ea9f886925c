"""An application: a question about one model family, and its answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property

from access_portal.applications.workflow import DECIDED_STATES, OPEN_STATES, SENT_STATES, State

CLAIM_LASTS = timedelta(hours=2)  # then a colleague may take the case over


class Application(models.Model):
    """One person's request for one family. A trigger lets only the applicant write `answers`."""

    number = models.CharField(max_length=20, unique=True, null=True)  # noqa: DJ001 - made from the key just after insert
    applicant = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="applications")
    family = models.ForeignKey("release.Family", on_delete=models.PROTECT, related_name="applications")
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="later")
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)  # grows with each command: the optimistic lock
    form = models.ForeignKey("questionnaires.FormVersion", on_delete=models.PROTECT, related_name="applications")
    answers = models.JSONField(default=dict)
    rounds = models.PositiveSmallIntegerField(default=0)  # how often it was sent
    acceptance = models.ForeignKey(
        "licences.LicenceAcceptance", on_delete=models.PROTECT, null=True, blank=True, related_name="applications"
    )
    status_digest = models.CharField(max_length=64, blank=True)  # of the secret in the link to the status page
    created_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(default=timezone.now)  # when the applicant last wrote
    submitted_at = models.DateTimeField(null=True, blank=True)  # the first time: its place in the queue
    due_at = models.DateTimeField(null=True, blank=True)  # when whoever has the ball should have acted

    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="claimed_applications"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    handler = models.ForeignKey(  # who held it last, and hears of what comes in
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="handled_applications"
    )
    hold_ground = models.TextField(blank=True)  # for colleagues; the applicant gets a neutral notice
    hold_recheck_at = models.DateTimeField(null=True, blank=True)
    recommendation = models.ForeignKey(
        "applications.Recommendation", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    final_proposal = models.ForeignKey(  # a final refusal that one decider wrote and another is to confirm
        "applications.Decision", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decision = models.ForeignKey(
        "applications.Decision", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    undo_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    undo_until = models.DateTimeField(null=True, blank=True)  # when the mail leaves
    undo_to = models.CharField(max_length=20, choices=State.choices, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    anonymised_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["applicant", "family"], condition=Q(state__in=OPEN_STATES), name="one_open_application"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="application_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=DECIDED_STATES) | Q(decision__isnull=False), name="application_is_answered"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[s for s in OPEN_STATES if s != State.DRAFT])
                | Q(submitted_at__isnull=False, acceptance__isnull=False),
                name="application_is_sent_with_an_accepted_licence",
            ),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True) | ~Q(claimed_by=F("applicant")),
                name="nobody_claims_their_own_case",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.IN_REVIEW) | Q(claimed_by__isnull=False, claimed_at__isnull=False),
                name="a_case_in_review_is_claimed",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "submitted_at"]),
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["applicant", "-created_at"]),
            models.Index(fields=["submitted_at", "id"], name="application_by_age"),
            models.Index(  # all that reports count by, so that they need not read answers
                fields=["submitted_at", "family", "state", "undo_until", "undo_to", "due_at", "decision"],
                name="application_figures",
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"application {self.pk}"

    @cached_property
    def kept_rounds(self) -> list[Round]:
        """What was sent, oldest first, as it was when this was first asked for: a page reads it several times."""
        return list(self.sent_rounds.all())

    @cached_property
    def kept_grants(self) -> list[Any]:
        """The grants that came of it, oldest first, as they were when this was first asked for."""
        return list(self.grants.order_by("pk"))

    @property
    def is_open(self) -> bool:
        """Whether a decision or a withdrawal is still to come."""
        return self.state in OPEN_STATES

    @property
    def is_sent(self) -> bool:
        """Whether the office has seen it."""
        return self.state in SENT_STATES and self.submitted_at is not None

    @property
    def is_on_hold(self) -> bool:
        return bool(self.hold_ground)

    @property
    def subject(self) -> str:
        """The name of this application's chain in the event log."""
        return f"application:{self.number}"

    def is_disclosed(self, now: datetime) -> bool:
        """Whether the applicant may know of the state: what can still be undone has not been said to them yet."""
        return self.undo_until is None or now >= self.undo_until

    def told_state(self, now: datetime) -> State:
        """The state that the applicant may know of."""
        return State(self.state if self.is_disclosed(now) else self.undo_to)

    def held_by_other(self, user_id: int, now: datetime) -> bool:
        """Whether somebody else took this case and their claim has not lapsed."""
        if self.claimed_by_id is None or self.claimed_at is None or self.claimed_by_id == user_id:
            return False
        return now < self.claimed_at + CLAIM_LASTS

    def is_overdue(self, now: datetime) -> bool:
        """Whether whoever has the ball should have acted by now."""
        return self.is_open and self.due_at is not None and self.due_at < now


class Round(models.Model):
    """What was sent, each time it was sent: answers, the form that asked and the licence accepted. Never changes."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="sent_rounds")
    number = models.PositiveSmallIntegerField()
    answers = models.JSONField()  # may be forgotten at the end, never rewritten
    form = models.ForeignKey("questionnaires.FormVersion", on_delete=models.PROTECT, related_name="+")
    acceptance = models.ForeignKey("licences.LicenceAcceptance", on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "number"], name="round_once")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.application_id} round {self.number}"


class Attachment(models.Model):
    """A file that answers a question. Kept in the database: small, few, and saved and deleted with the case."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="attachments")
    question = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=60)  # as its first bytes say
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    uploaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class InfoRequest(models.Model):
    """One thing that a reviewer asked of the applicant, about one answer (`question`) or in general."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="info_requests")
    round = models.PositiveSmallIntegerField()  # the round that it was asked about
    question = models.CharField(max_length=60, blank=True)
    text = models.TextField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    reply = models.TextField(blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)  # answered, changed, or taken back

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.question or 'general'}"


class Message(models.Model):
    """One message of the thread between applicant and office."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    from_office = models.BooleanField()
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.application_id} at {self.at}"


class Note(models.Model):
    """What colleagues tell each other about a case; a type of its own, so that no page of the applicant can show it."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.application_id} at {self.at}"
