"""Situations in which Ada may stand before a published release, and the code by which every door must answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.licences.models import LicenceAcceptance
from release.models import Release
from tests.factories import make_acceptance, make_grant, make_variant

DAY = timedelta(days=1)
GRANTED = ""
Arrange = Callable[[User, Release], Any]


def _apply(ada: User, release: Release) -> None:
    acceptance = make_acceptance(ada, release.licence_version)
    Application.objects.create(
        number="GH-2026-00001", applicant=ada, family=release.variant.family, acceptance=acceptance, answers={}
    )


def _grant(**fields: Any) -> Arrange:
    return lambda ada, release: make_grant(ada, release.variant.family, **fields)


def _without_acceptance(ada: User, release: Release) -> None:
    """As after a new licence version: a grant that rests on another text than the release's."""
    make_grant(ada, release.variant.family)
    LicenceAcceptance.objects.filter(user=ada)._raw_delete("default")


def _for_another_size(ada: User, release: Release) -> None:
    make_grant(ada, release.variant.family, variants=[make_variant(release.variant.family, "2m")])


def _withdrawn(ada: User, release: Release) -> None:
    make_grant(ada, release.variant.family)
    Release.objects.filter(pk=release.pk).update(state="withdrawn", withdrawn_reason="x", withdrawn_at=timezone.now())


def _inactive(ada: User, release: Release) -> None:
    make_grant(ada, release.variant.family)
    User.objects.filter(pk=ada.pk).update(is_active=False)


def _nothing(ada: User, release: Release) -> None:
    """Signed in, and that is all."""


SITUATIONS: dict[str, tuple[Arrange, str]] = {
    "a good grant": (_grant(), GRANTED),
    "never applied": (_nothing, "not_applied"),
    "being decided": (_apply, "pending"),
    "revoked": (_grant(state="revoked", state_reason="Shared.\nTwice."), "grant_revoked"),
    "suspended": (_grant(state="suspended", state_reason="Being looked into."), "grant_suspended"),
    "expired": (_grant(state="expired"), "grant_expired"),
    "over, though no clock said so": (
        _grant(starts_at=timezone.now() - 9 * DAY, ends_at=timezone.now() - DAY),
        "grant_expired",
    ),
    "not begun": (_grant(starts_at=timezone.now() + DAY), "grant_not_started"),
    "for inference only": (_grant(may_download=False), "download_not_in_scope"),
    "for another size": (_for_another_size, "variant_not_in_scope"),
    "withdrawn": (_withdrawn, "release_withdrawn"),
    "account closed": (_inactive, "account_closed"),
}
