"""From what is typed at the command line to rows, and back."""

from __future__ import annotations

from datetime import datetime

from django.core.management.base import CommandError
from django.utils.dateparse import parse_datetime

from access_portal.accounts.models import User
from access_portal.licences.models import LicenceVersion
from access_portal.licences.queries import current_version
from release.models import Release, Variant
from release.queries import get_variant


def variant_named(model: str) -> Variant:
    """Raises CommandError, or ReleaseNotFoundError for what the catalogue does not have."""
    family, slash, variant = model.partition("/")
    if not slash:
        raise CommandError(f"Name the model as FAMILY/VARIANT, for example llama/7b, not {model!r}.")
    return get_variant(family, variant)


def release_named(model: str, version: str) -> Release:
    """In whatever state it is; raises CommandError, or ReleaseNotFoundError for a model that is not there."""
    variant = variant_named(model)
    rows = Release.objects.select_related("variant__family__weights_licence", "licence_version__licence")
    release = None if "\0" in version else rows.filter(variant=variant, version=version).first()
    if release is None:
        raise CommandError(f"{variant} has no release {version!r}. `release list` shows what there is.")
    return release


def person_named(username: str) -> User | None:
    """Whom `--as` names, nobody for an empty name; whether they manage releases is asked by each command."""
    if not username:
        return None
    found = User.objects.filter(username=username.strip().lower(), is_active=True).first()
    if found is None:
        raise CommandError(f"Nobody here has the user name {username!r}.")
    return found


def licence_version_named(variant: Variant, number: str) -> LicenceVersion:
    """This version of the family's licence, the current one for an empty number."""
    licence = variant.family.weights_licence
    version = licence.versions.filter(number=number).first() if number else current_version(licence)
    if version is None:
        raise CommandError(f"{licence} has no version {number}." if number else f"{licence} has no text yet.")
    return version


def moment_named(text: str) -> datetime:
    """A moment in ISO 8601; without a time zone it is refused by the command that gets it."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"{text!r} is no moment. Write it as in 2026-11-30T09:00Z or 2026-11-30T09:00+08:00.")
    return moment


def name_of(release: Release) -> str:
    """As it is typed: `llama/7b v1`."""
    return f"{release.variant.family.slug}/{release.variant.slug} {release.version}"
