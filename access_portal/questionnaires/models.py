"""The versions of each form; a row never changes, for old answers are read with the questions that were asked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from access_portal.questionnaires.definition import Definition
from access_portal.questionnaires.parsing import parse


class FormVersion(models.Model):
    """One immutable form; `sha256` is of its canonical JSON. Without a family it is the house form."""

    family = models.ForeignKey(
        "release.Family", on_delete=models.PROTECT, null=True, blank=True, related_name="form_versions"
    )
    number = models.PositiveIntegerField()  # 1, 2, 3… for each family, and for the house
    definition = models.JSONField()  # as `parsing.parse` takes it
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(  # None is the operator at the command line
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="forms_published"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["family", "number"], name="form_number_once_per_family"),
            models.UniqueConstraint(fields=["number"], condition=Q(family__isnull=True), name="house_form_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="form_number_from_one"),
        ]
        ordering = ["family", "-number"]

    def __str__(self) -> str:
        return f"{self.family.name if self.family else 'House form'}, version {self.number}"

    def parsed(self) -> Definition:
        """The definition as objects; what was published once can always be read."""
        return parse(self.definition)
