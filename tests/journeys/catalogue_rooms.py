"""Releases in every state, with files of both layouts, for pages to show."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from release.models import Artifact, Release
from tests.factories import make_release
from tests.journeys.furniture import House

HOSTILE = "<b>bold</b>\n\u202etxet\u202c " + "unbroken" * 40
FILES = [
    ("consolidated.00.pth", 10_134_000, "meta"),
    ("checklist.chk", 180, "meta"),
    ("model.safetensors", 10_130_944, "hf"),
    ("config.json", 611, "hf"),
    ("tokenizer.json", 120_311, "hf"),
    ("tokenizer.model", 40_311, "any"),
    ("USE_POLICY.md", 5_311, "any"),
]


def released(house: House, version: str, days_ago: int = 0, **fields: str) -> Release:
    """Another release of Quill with both layouts, published so many days ago."""
    release = make_release(house.release.variant, version, "staged", published_by=house.gus, **fields)
    Artifact.objects.filter(release=release).update(layout="meta")
    for path, size, layout in FILES:
        name = f"{path} {version if layout != 'any' else ''}".encode()
        Artifact.objects.create(
            release=release, path=path, size_bytes=size, layout=layout, storage_key=f"{version}/{path}",
            sha256=hashlib.sha256(name).hexdigest(), md5=hashlib.md5(name, usedforsecurity=False).hexdigest(),
        )  # fmt: skip
    Release.objects.filter(pk=release.pk).update(
        state="published", published_at=timezone.now() - timedelta(days=days_ago), manifest="{}", signature="a.b.c",
        manifest_sha256="a1" * 32, commit=hashlib.sha1(version.encode(), usedforsecurity=False).hexdigest(),
    )  # fmt: skip
    release.refresh_from_db()
    return release


def page_of(release: Release, name: str = "release") -> str:
    return reverse(name, args=[release.variant.family.slug, release.variant.slug, release.version])


def both_layouts(house: House) -> str:
    """The newest release, with an older one to differ from."""
    released(house, "v0.9", 30)
    return page_of(released(house, "v2", changelog="Also in Hugging Face layout.\nThe tokenizer is the same."))


def unfolded(house: House) -> str:
    """The same with one of the recipes opened by the address."""
    return f"{both_layouts(house)}#with-curl"


def deprecated(house: House) -> str:
    old, new = released(house, "v0.9", 30), released(house, "v2")
    Release.objects.filter(pk=old.pk).update(
        state="deprecated", deprecated_at=timezone.now(), deprecated_reason="It was trained on less.", successor=new
    )
    return page_of(old)


def withdrawn(house: House) -> str:
    gone = released(house, "v0.8", 60, changelog=HOSTILE)
    Release.objects.filter(pk=gone.pk).update(state="withdrawn", withdrawn_at=timezone.now(), withdrawn_reason=HOSTILE)
    return page_of(gone)


def every_state(house: House) -> str:
    """The page of the variant with releases in every state."""
    deprecated(house)
    withdrawn(house)
    return reverse("variant", args=["quill", "5m"])
