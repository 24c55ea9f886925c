"""What could be released: families and the sizes that they come in."""

from __future__ import annotations

from django.db import models


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
