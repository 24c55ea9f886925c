"""The demo release: which model it is and how it is published."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from access_portal.accounts.models import User
from access_portal.licences.queries import current_version
from demo.home import ROOT
from release.card_file import write_card
from release.layouts.converting import to_hf
from release.models import SHOWN_STATES, Release, Variant
from release.publishing import publish_release
from release.staging import stage_release

FAMILY, VARIANT, VERSION = "quill", "5m", "v1"
CHANGELOG = "First release: trained from scratch on public-domain English prose."
WEIGHTS = ROOT / "demo" / "model" / "weights"


def demo_variant() -> Variant:
    return Variant.objects.select_related("family__weights_licence").get(family__slug=FAMILY, slug=VARIANT)


def publish(owner: User, now: datetime) -> None:
    """Stage and publish the demo weights, unless that was done before."""
    variant = demo_variant()
    if Release.objects.filter(variant=variant, version=VERSION, state__in=SHOWN_STATES).exists():
        return
    licence_version = current_version(variant.family.weights_licence)
    assert licence_version is not None
    with both_layouts(variant) as folder:
        new = Release(variant=variant, version=VERSION, licence_version=licence_version, changelog=CHANGELOG)
        write_card(new, folder)
        release = stage_release(
            variant=variant,
            version=VERSION,
            folder=folder,
            licence_version=licence_version,
            actor=owner,
            now=now,
            changelog=CHANGELOG,
        )
    publish_release(release=release, actor=owner, now=now)


@contextmanager
def both_layouts(variant: Variant) -> Iterator[Path]:
    """A folder with the weights as they are kept here, in Meta's layout, and in that of Hugging Face."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-demo-") as place:
        folder = shutil.copytree(WEIGHTS, Path(place, variant.folder))
        to_hf(folder, folder, context_tokens=variant.context_tokens)
        yield folder
