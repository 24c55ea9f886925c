"""Families and variants out of the project's data files into the database; doing it again changes only what differs."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.errors import ConflictError
from access_portal.licences.commands import publish_version, sha256_of
from access_portal.licences.models import Licence, LicenceVersion
from access_portal.licences.queries import current_version
from release.models import SHOWN_STATES, Family, Release, Variant

DATA = Path(__file__).parent / "data"
ARCHITECTURE = ("dim", "n_layers", "n_heads", "n_kv_heads", "ffn_hidden", "vocab_size", "shards", "parameters")


def load_catalogue(*, now: datetime, folder: Path = DATA) -> list[Family]:
    """Every `*.json` of the folder, in one transaction; raises ConflictError where that would break a promise.

    Whether a family takes applications is set when it is first loaded, and from then on by `open_family` alone.
    """
    with transaction.atomic():
        return [_load(json.loads(path.read_text("utf-8")), folder, now) for path in sorted(folder.glob("*.json"))]


def open_family(*, family: Family, accepts: bool) -> None:
    """Take applications for a family, or stop to; raises ConflictError when there is no licence text to accept."""
    if accepts and current_version(family.weights_licence) is None:
        raise ConflictError(
            "licence_without_text",
            _("%s has no licence text that an applicant could accept.") % family,
            _("Publish a version of its licence first."),
        )
    family.accepts_applications = accepts
    family.save(update_fields=["accepts_applications"])


def _load(data: dict[str, Any], folder: Path, now: datetime) -> Family:
    licence = _load_licence(data["licence"], folder, now)
    values = dict(data["family"])
    slug, accepts = values.pop("slug"), values.pop("accepts_applications")
    family, _made = Family.objects.update_or_create(
        slug=slug,
        defaults={**values, "weights_licence": licence},
        create_defaults={**values, "weights_licence": licence, "accepts_applications": accepts},
    )
    for variant in data["variants"]:
        _load_variant(family, dict(variant))
    return family


def _load_variant(family: Family, values: dict[str, Any]) -> None:
    slug = values.pop("slug")
    existing = Variant.objects.filter(family=family, slug=slug).first()
    if existing is not None and Release.objects.filter(variant=existing, state__in=SHOWN_STATES).exists():
        for name in (*ARCHITECTURE, "model_id", "hub_repo"):
            if getattr(existing, name) != values[name]:
                raise ConflictError(
                    "variant_released",
                    _("%(variant)s has releases, so its %(name)s stays.") % {"variant": existing, "name": name},
                )
    Variant.objects.update_or_create(family=family, slug=slug, defaults=values)


def _load_licence(data: dict[str, Any], folder: Path, now: datetime) -> Licence:
    licence, _made = Licence.objects.get_or_create(slug=data["slug"], defaults={"title": data["title"]})
    if "text" not in data:
        return licence
    text = (folder / data["text"]).read_text("utf-8")
    published = LicenceVersion.objects.filter(licence=licence, number=data["version"]).first()
    if published is None:
        publish_version(
            licence=licence, number=data["version"], text=text, summary=data["summary"], actor=None, now=now
        )
    elif published.sha256 != sha256_of(text):
        raise ConflictError(
            "licence_text_changed",
            _("%s was published with another text, and never changes.") % published,
            _("Give the new text a new number in the data file."),
        )
    return licence
