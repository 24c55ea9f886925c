"""The append-only event log: for each subject a chain in which every event carries the hash of the one before."""

from django.conf import settings
from django.db import models


class Event(models.Model):
    """Something that happened to one subject (`application:GH-2026-00001`), who did it and when."""

    subject = models.CharField(max_length=80)
    sequence = models.PositiveIntegerField()
    name = models.CharField(max_length=60)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )  # null: the clock
    at = models.DateTimeField()
    data = models.JSONField(default=dict)  # facts for people and checks; never answers, prompts or secrets
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "sequence"], name="one_event_at_each_place")]
        ordering = ["subject", "sequence"]
        indexes = [models.Index(fields=["-at", "-id"], name="event_by_time")]

    def __str__(self) -> str:
        return f"{self.subject} #{self.sequence} {self.name}"
