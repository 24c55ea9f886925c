"""The button that stops everything of one person, one lab, one family or the house."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Stop(models.Model):
    """While it is not lifted, everything that it covers is refused. Rows stay; only the lifting is added."""

    class Scope(models.TextChoices):
        PERSON = "person", _("One person")
        LAB = "lab", _("One lab")
        FAMILY = "family", _("One model family")
        HOUSE = "house", _("Everything here")

    scope = models.CharField(max_length=10, choices=Scope.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="stops"
    )
    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, null=True, blank=True, related_name="stops")
    family = models.ForeignKey("release.Family", on_delete=models.PROTECT, null=True, blank=True, related_name="stops")
    reason = models.TextField()  # everybody concerned reads it
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="stops_made")
    at = models.DateTimeField()
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="stops_lifted"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.TextField(blank=True)
    told_at = models.DateTimeField(null=True, blank=True)  # when everybody concerned had their mail about it
    lift_told_at = models.DateTimeField(null=True, blank=True)  # and about the lifting

    class Meta:
        indexes = [models.Index(fields=["lifted_at"], condition=Q(lifted_at__isnull=True), name="stop_in_force")]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="stop_has_a_reason"),
            models.CheckConstraint(
                condition=Q(scope="person", user__isnull=False, grant__isnull=True, family__isnull=True)
                | Q(scope="lab", user__isnull=True, grant__isnull=False, family__isnull=True)
                | Q(scope="family", user__isnull=True, grant__isnull=True, family__isnull=False)
                | Q(scope="house", user__isnull=True, grant__isnull=True, family__isnull=True),
                name="stop_names_what_it_stops",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True, lifted_at__isnull=True)
                | Q(lifted_by__isnull=False, lifted_at__isnull=False),
                name="stop_lifted_by_somebody",
            ),
            *(
                models.UniqueConstraint(
                    fields=[target],
                    condition=Q(lifted_at__isnull=True, scope=scope),
                    name=f"one_stop_of_one_{scope}",
                )
                for scope, target in (("person", "user"), ("lab", "grant"), ("family", "family"), ("house", "scope"))
            ),
        ]

    def __str__(self) -> str:
        return f"stop {self.pk}: {self.scope}"

    @property
    def subject(self) -> str:
        """The name of this stop's chain in the event log."""
        return f"stop:{self.pk}"


class StopNotice(models.Model):
    """That a person had their mail about a stop, so that no rerun of the clock sends it twice. Append-only."""

    class Kind(models.TextChoices):
        STOPPED = "stopped", _("Stopped")
        LIFTED = "lifted", _("Lifted")

    stop = models.ForeignKey(Stop, on_delete=models.PROTECT, related_name="notices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="stop_notices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stop", "user", "kind"], name="stop_notice_once")]

    def __str__(self) -> str:
        return f"{self.user_id} was told of stop {self.stop_id}: {self.kind}"
