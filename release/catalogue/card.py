"""What a model card says in figures: pure shaping of a variant's numbers for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _

from release.models import Variant


@dataclass(frozen=True)
class Fact:
    """One line of a list of facts."""

    label: str
    value: str


def architecture(variant: Variant) -> list[Fact]:
    """The numbers that define the network."""
    return [
        Fact(_("Parameters"), intcomma(variant.parameters)),
        Fact(_("Layers"), str(variant.n_layers)),
        Fact(_("Width"), intcomma(variant.dim)),
        Fact(_("Attention heads"), str(variant.n_heads)),
        Fact(_("Key and value heads"), str(variant.n_kv_heads)),
        Fact(_("Width of the feed-forward layer"), intcomma(variant.ffn_hidden)),
        Fact(_("Vocabulary"), _("%s tokens") % intcomma(variant.vocab_size)),
        Fact(_("Context"), _("%s tokens") % intcomma(variant.context_tokens)),
        Fact(_("Weight files"), str(variant.shards)),
        Fact(_("Folder in the original layout"), variant.folder),
    ]


def training(variant: Variant) -> list[Fact]:
    """What was published about the training; leaves out what was not."""
    told = variant.facts
    labels = [
        ("training_tokens", _("Training tokens"), "%s"),
        ("batch_tokens", _("Tokens per batch"), "%s"),
        ("learning_rate", _("Learning rate"), "%s"),
        ("gpu_hours", _("GPU hours (%s)") % told.get("gpu", "GPU"), "%s"),
        ("energy_mwh", _("Energy"), "%s MWh"),
        ("tco2eq", _("Carbon"), _("%s t CO₂ equivalent")),
    ]
    return [Fact(label, form % _number(told[key])) for key, label, form in labels if key in told]


def _number(value: Any) -> str:
    return str(intcomma(value)) if isinstance(value, int) else str(value)
