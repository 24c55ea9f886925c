"""Situations in which Ada may stand before a published release, and the code by which every door must answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.grants.models import Grant, GrantMember, Stop
from access_portal.questionnaires.models import FormVersion
from release.models import Release
from tests.factories import make_acceptance, make_grant, make_licence_version, make_user, make_variant

DAY = timedelta(days=1)
GRANTED = ""
Arrange = Callable[[User, Release], Any]


def _apply(ada: User, release: Release) -> None:
    Application.objects.create(
        number="GH-2026-00001",
        applicant=ada,
        family=release.variant.family,
        acceptance=make_acceptance(ada, release.licence_version),
        form=FormVersion.objects.filter(family=None).latest("number"),
        state="submitted",
        submitted_at=timezone.now(),
    )


def _grant(**fields: Any) -> Arrange:
    return lambda ada, release: make_grant(ada, release.variant.family, **fields)


def _not_accepted(ada: User, release: Release) -> None:
    """A grant that somebody else's acceptance cannot open."""
    version = release.licence_version
    Grant.objects.create(
        holder=ada, family=release.variant.family, licence_version=version, whole_family=True, token_quota=1,
        starts_at=timezone.now() - DAY, ends_at=timezone.now() + DAY, reason="A study.", number="GR-1",
    )  # fmt: skip


def _consent_is_due(ada: User, release: Release) -> None:
    make_grant(ada, release.variant.family)
    make_licence_version(release.licence_version.licence, number="2.0", reconsent_by=timezone.now())


def _consent_may_wait(ada: User, release: Release) -> None:
    make_grant(ada, release.variant.family)
    make_licence_version(release.licence_version.licence, number="2.0", reconsent_by=timezone.now() + DAY)


def _in_a_lab(**place: Any) -> Arrange:
    def arrange(ada: User, release: Release) -> None:
        grant = make_grant(make_user("principal"), release.variant.family, kind="lab", lab_name="The lab")
        GrantMember.objects.create(
            grant=grant, email=ada.email, invited_by=grant.holder, invited_at=timezone.now(), user=ada,
            joined_at=timezone.now(), acceptance=make_acceptance(ada, grant.licence_version),
            **{name: grant.holder if name == "removed_by" else value for name, value in place.items()},
        )  # fmt: skip

    return arrange


def _stopped(scope: str) -> Arrange:
    def arrange(ada: User, release: Release) -> None:
        make_grant(ada, release.variant.family)
        targets: dict[str, dict[str, Any]] = {
            "person": {"user": ada},
            "family": {"family": release.variant.family},
            "house": {},
        }
        Stop.objects.create(scope=scope, reason="A leak.", by=make_user("dan"), at=timezone.now(), **targets[scope])

    return arrange


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
    "licence never accepted": (_not_accepted, "not_accepted_by_you"),
    "licence to be accepted again": (_consent_is_due, "licence_outdated"),
    "licence to be accepted again later": (_consent_may_wait, GRANTED),
    "a member of a lab": (_in_a_lab(), GRANTED),
    "removed from a lab": (_in_a_lab(removed_at=timezone.now(), removed_by=None), "not_applied"),
    "stopped": (_stopped("person"), "stopped"),
    "the family is stopped": (_stopped("family"), "stopped"),
    "everything is stopped": (_stopped("house"), "mints_on_hold"),
    "withdrawn": (_withdrawn, "release_withdrawn"),
    "account closed": (_inactive, "account_closed"),
}
