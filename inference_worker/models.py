"""Jobs: stored files, batches, the chunks that workers lease, and the token ledger."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def new_file_id() -> str:
    return "file-" + secrets.token_urlsafe(18)


def new_batch_id() -> str:
    return "batch_" + secrets.token_urlsafe(18)


class StoredFile(models.Model):
    """An uploaded input or a result; the bytes are in the object store. A deleted row stays as a tombstone."""

    class Purpose(models.TextChoices):
        BATCH = "batch", "batch"
        BATCH_OUTPUT = "batch_output", "batch_output"

    id = models.CharField(primary_key=True, max_length=64, default=new_file_id)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="stored_files")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    filename = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=255, unique=True)
    listed = models.BooleanField(default=True)  # false for the one-line input of an interactive request
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "-created_at", "-id"])]

    def __str__(self) -> str:
        return self.id


class Batch(models.Model):
    """What a researcher submits; an interactive completion is a batch of one line in a faster lane."""

    class State(models.TextChoices):
        VALIDATING = "validating", _("Validating")
        IN_PROGRESS = "in_progress", _("In progress")
        FINALIZING = "finalizing", _("Finalizing")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")
        CANCELLING = "cancelling", _("Cancelling")
        CANCELLED = "cancelled", _("Cancelled")
        EXPIRED = "expired", _("Expired")

    class Lane(models.TextChoices):
        INTERACTIVE = "interactive", "interactive"
        BATCH = "batch", "batch"

    id = models.CharField(primary_key=True, max_length=64, default=new_batch_id)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="batches")
    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="batches", null=True, blank=True)
    release = models.ForeignKey(
        "release.Release", on_delete=models.PROTECT, related_name="batches", null=True, blank=True
    )
    lane = models.CharField(max_length=20, choices=Lane.choices, default=Lane.BATCH)
    endpoint = models.CharField(max_length=60)
    completion_window = models.CharField(max_length=10, default="24h")
    metadata = models.JSONField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.VALIDATING)
    input_file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="batches")
    output_file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    error_file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    errors = models.JSONField(null=True, blank=True)  # structural faults: [{code, message, param, line}]
    rejected_key = models.CharField(max_length=255, blank=True)  # error lines made in validation, in the store
    total_lines = models.PositiveIntegerField(default=0)
    completed_lines = models.PositiveIntegerField(default=0)
    failed_lines = models.PositiveIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    in_progress_at = models.DateTimeField(null=True, blank=True)
    finalizing_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    cancelling_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "validating",
                        "in_progress",
                        "finalizing",
                        "completed",
                        "failed",
                        "cancelling",
                        "cancelled",
                        "expired",
                    ]
                ),
                name="batch_state_known",
            )
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"]),
            models.Index(fields=["state", "expires_at"]),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def is_terminal(self) -> bool:
        """Whether nothing about this batch will change any more."""
        return self.state in {"completed", "failed", "cancelled", "expired"}


class IdempotencyKey(models.Model):
    """A client's promise that two submissions with the same key are one."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="idempotency_keys")
    route = models.CharField(max_length=60)  # method and path: a key counts for one of them
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="idempotency_keys")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "route", "key"], name="idempotency_key_once_per_route")]

    def __str__(self) -> str:
        return f"{self.owner_id}: {self.key}"


class Chunk(models.Model):
    """A run of prepared lines that one worker leases at a time; `fencing` grows with each lease."""

    class State(models.TextChoices):
        READY = "ready", "ready"
        LEASED = "leased", "leased"
        DONE = "done", "done"
        DROPPED = "dropped", "dropped"  # its batch was cancelled, expired or failed before it was finished

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="chunks")
    index = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    lines_key = models.CharField(max_length=255)  # the prepared lines, in the store
    line_count = models.PositiveIntegerField()
    cost_tokens = models.PositiveBigIntegerField()
    fencing = models.PositiveIntegerField(default=0)
    owner = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lost_leases = models.PositiveSmallIntegerField(default=0)  # ended by time: its worker died or froze
    result_key = models.CharField(max_length=255, blank=True)  # of the attempt that completed it
    error_key = models.CharField(max_length=255, blank=True)
    completed_lines = models.PositiveIntegerField(default=0)
    failed_lines = models.PositiveIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "index"], name="chunk_once_per_batch")]
        indexes = [models.Index(fields=["state", "lease_until"])]

    def __str__(self) -> str:
        return f"{self.batch_id} chunk {self.index}"


class QuotaAccount(models.Model):
    """The running totals of one grant's tokens, so that a reservation is one conditional UPDATE."""

    grant = models.OneToOneField(
        "grants.Grant", on_delete=models.PROTECT, primary_key=True, related_name="quota_account"
    )
    quota_tokens = models.PositiveBigIntegerField()
    reserved_tokens = models.PositiveBigIntegerField(default=0)
    settled_tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quota_tokens__gte=F("reserved_tokens") + F("settled_tokens")),
                name="quota_never_overspent",
            )
        ]

    def __str__(self) -> str:
        return f"grant {self.grant_id}: {self.settled_tokens} of {self.quota_tokens} tokens"


class LedgerEntry(models.Model):
    """One line of the token ledger, append-only: each batch has one `reserve` and exactly one `close`."""

    class Kind(models.TextChoices):
        RESERVE = "reserve", _("Reserved")
        CLOSE = "close", _("Charged")

    account = models.ForeignKey(QuotaAccount, on_delete=models.PROTECT, related_name="entries")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="ledger_entries")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    tokens = (
        models.PositiveBigIntegerField()
    )  # reserve: held back; close: charged, the rest of the reservation is freed
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [models.UniqueConstraint(fields=["batch", "kind"], name="one_entry_of_each_kind_per_batch")]

    def __str__(self) -> str:
        return f"{self.kind} {self.tokens} for {self.batch_id}"
