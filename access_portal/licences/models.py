"""Licence texts by version, who accepted which text when, and who was reminded to. All are append-only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Licence(models.Model):
    """A licence as a line of versions; each version is a text that never changes."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.title


class LicenceVersion(models.Model):
    """One immutable text; `sha256` is of its UTF-8 bytes."""

    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="versions")
    number = models.CharField(max_length=20)
    language = models.CharField(max_length=8, default="en")
    summary = models.JSONField(default=list)  # plain sentences shown beside the text; not part of it
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=timezone.now)
    # Until when whoever accepted an older text must have accepted this one or a later one; null: they need not.
    reconsent_by = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["licence", "number"], name="licence_version_once")]
        ordering = ["-published_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.licence.title}, version {self.number}"


class LicenceAcceptance(models.Model):
    """One person's acceptance of one text, with the hash of what was on the screen."""

    class Capacity(models.TextChoices):
        SELF = "self", _("for myself")
        INSTITUTION = "institution", _("for my institution")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="acceptances")
    version = models.ForeignKey(LicenceVersion, on_delete=models.PROTECT, related_name="acceptances")
    sha256 = models.CharField(max_length=64)
    language = models.CharField(max_length=8, default="en")  # of the text that was on the screen
    capacity = models.CharField(max_length=20, choices=Capacity.choices, default=Capacity.SELF)
    act = models.CharField(max_length=200)  # what the person did, in words: "ticked the box on the form"
    accepted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} accepted {self.version_id}"


class ReconsentNotice(models.Model):
    """One reminder that was sent: to whom, about which text, which of the three."""

    class Kind(models.TextChoices):
        FORTNIGHT = "14_days", _("fourteen days before")
        LAST_DAYS = "3_days", _("three days before")
        DUE = "due", _("when the time was over")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reconsent_notices")
    version = models.ForeignKey(LicenceVersion, on_delete=models.PROTECT, related_name="reconsent_notices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "version", "kind"], name="reconsent_notice_once")]

    def __str__(self) -> str:
        return f"{self.user_id} was reminded of {self.version_id}: {self.kind}"
