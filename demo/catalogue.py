"""The demo release: which model it is and how it is published."""

from __future__ import annotations

from datetime import datetime

from access_portal.accounts.models import User
from access_portal.licences.queries import current_version
from demo.home import ROOT
from release.models import SHOWN_STATES, Release, Variant
from release.publishing import publish_release
from release.staging import stage_release

FAMILY, VARIANT, VERSION = "quill", "5m", "v1"
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
    release = stage_release(
        variant=variant,
        version=VERSION,
        folder=WEIGHTS,
        licence_version=licence_version,
        actor=owner,
        now=now,
        changelog="First release: trained from scratch on public-domain English prose.",
    )
    publish_release(release=release, actor=owner, now=now)
