"""What is released: families, variants, immutable releases with their files, and who was given which link."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Family(models.Model):
    """A line of models released under one weights licence."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    developer = models.CharField(max_length=100)
    summary = models.TextField()
    weights_licence = models.ForeignKey("licences.Licence", on_delete=models.PROTECT, related_name="families")
    code_licence = models.CharField(max_length=40)  # SPDX identifier; told apart from the weights licence
    facts = models.JSONField(default=dict)  # data mix, evaluation tables, sources: shown on the model card
    accepts_applications = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "families"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    """One size of a family, with the numbers of its architecture."""

    family = models.ForeignKey(Family, on_delete=models.PROTECT, related_name="variants")
    slug = models.SlugField()  # as in the address of its page: `7b`
    name = models.CharField(max_length=40)  # as people write it: `7B`
    folder = models.CharField(max_length=40)  # as on disk in the original layout: `7B`, `30B`
    model_id = models.CharField(max_length=96, unique=True)  # in the inference API: `llama-7b`
    hub_repo = models.CharField(max_length=193, unique=True)  # for Hub clients: `gatehouse/llama-7b`
    parameters = models.PositiveBigIntegerField()
    dim = models.PositiveIntegerField()
    n_layers = models.PositiveIntegerField()
    n_heads = models.PositiveIntegerField()
    n_kv_heads = models.PositiveIntegerField()
    ffn_hidden = models.PositiveIntegerField()
    vocab_size = models.PositiveIntegerField()
    context_tokens = models.PositiveIntegerField()
    shards = models.PositiveSmallIntegerField()
    facts = models.JSONField(default=dict)  # training tokens, learning rate, energy and other published figures

    class Meta:
        constraints = [models.UniqueConstraint(fields=["family", "slug"], name="variant_once_per_family")]
        ordering = ["family", "parameters"]

    def __str__(self) -> str:
        return f"{self.family.name} {self.name}"


class Release(models.Model):
    """A set of files under one manifest and one licence version; once published, only its state may change."""

    class State(models.TextChoices):
        STAGED = "staged", _("Staged")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=40)  # `v1`: also the tag for Hub clients, so no slash
    state = models.CharField(max_length=20, choices=State.choices, default=State.STAGED)
    licence_version = models.ForeignKey("licences.LicenceVersion", on_delete=models.PROTECT, related_name="releases")
    changelog = models.TextField(blank=True)
    manifest = models.TextField(blank=True)  # canonical JSON, set at publication
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    commit = models.CharField(max_length=40, blank=True)  # 40 hex digits derived from the manifest
    staged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="releases_staged",
    )
    staged_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="releases_published",
    )
    published_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["variant", "version"], name="release_once_per_variant")]
        ordering = ["variant", "-published_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.variant} {self.version}"


class Artifact(models.Model):
    """One file of a release; `path` is relative and uses forward slashes."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="artifacts")
    path = models.CharField(max_length=500)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    md5 = models.CharField(max_length=32)
    storage_key = models.CharField(max_length=700)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "path"], name="artifact_once_per_release")]
        ordering = ["path"]

    def __str__(self) -> str:
        return self.path


class Mint(models.Model):
    """One download link that was made: for whom, under which grant and licence, until when.

    Never changes; where it was asked from may be forgotten.
    """

    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="mints")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mints")
    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="mints")
    minted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "minted_at"])]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.artifact_id} at {self.minted_at:%Y-%m-%d %H:%M}"
