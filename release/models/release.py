"""Immutable releases and their files."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from release.client.manifest import Layout
from release.models.catalogue import Variant


class Release(models.Model):
    """A set of files under one manifest and one licence version; once published, only its state may change."""

    class State(models.TextChoices):
        STAGED = "staged", _("Staged")  # its files are in the store
        VERIFIED = "verified", _("Verified")  # read again, found loadable, and as they were sent
        SCHEDULED = "scheduled", _("Scheduled")  # will be published by the clock
        PUBLISHED = "published", _("Published")
        DEPRECATED = "deprecated", _("Deprecated")  # still to be had, but something better is
        WITHDRAWN = "withdrawn", _("Withdrawn")

    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=40)  # `v1`: also the tag for Hub clients, so no slash
    state = models.CharField(max_length=20, choices=State.choices, default=State.STAGED)
    licence_version = models.ForeignKey("licences.LicenceVersion", on_delete=models.PROTECT, related_name="releases")
    changelog = models.TextField(blank=True)
    manifest = models.TextField(blank=True)  # canonical JSON, set at publication
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    commit = models.CharField(max_length=40, blank=True)  # 40 hex digits derived from the manifest
    signature = models.TextField(blank=True)  # compact JWS over the manifest's SHA-256
    staged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="releases_staged",
    )
    staged_at = models.DateTimeField(default=timezone.now)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    verification_asked_at = models.DateTimeField(null=True, blank=True)  # the clock reads all files, then forgets this
    verification_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    publish_at = models.DateTimeField(null=True, blank=True)  # the end of the embargo, while it is scheduled
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="releases_published",
    )
    published_at = models.DateTimeField(null=True, blank=True)
    deprecated_at = models.DateTimeField(null=True, blank=True)
    deprecated_reason = models.TextField(blank=True)
    successor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    told_at = models.DateTimeField(null=True, blank=True)  # when the last of those who fetched it was written to

    class Meta:
        constraints = [models.UniqueConstraint(fields=["variant", "version"], name="release_once_per_variant")]
        ordering = ["variant", "-published_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.variant} {self.version}"

    @property
    def offered_instead(self) -> Release | None:
        """Its successor, for as long as that can be had itself."""
        return self.successor if self.successor is not None and self.successor.state in LIVE_STATES else None


class Artifact(models.Model):
    """One file of a release; `path` is relative and uses forward slashes."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="artifacts")
    path = models.CharField(max_length=500)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    md5 = models.CharField(max_length=32)
    git_sha1 = models.CharField(max_length=40, blank=True)  # as Git names a blob; only for what is no large file
    layout = models.CharField(max_length=4, choices=[(each.value, each.value) for each in Layout], default=Layout.ANY)
    storage_key = models.CharField(max_length=700)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "path"], name="artifact_once_per_release")]
        ordering = ["path"]

    def __str__(self) -> str:
        return self.path


# What the outside knows of, what may still be altered, and what may be fetched.
SHOWN_STATES = (Release.State.PUBLISHED, Release.State.DEPRECATED, Release.State.WITHDRAWN)
OPEN_STATES = (Release.State.STAGED, Release.State.VERIFIED, Release.State.SCHEDULED)
LIVE_STATES = (Release.State.PUBLISHED, Release.State.DEPRECATED)
