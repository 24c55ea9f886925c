# ruff: noqa: E501, S608 - tables of raw SQL, written here
"""What was given stays as it was given, and what happened stays on record: the database holds it against raw SQL."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.grants.models import (
    Attestation,
    Grant,
    GrantMember,
    GrantNotice,
    Renewal,
    Revocation,
    Surrender,
)
from access_portal.grants.queries import labmates
from tests.access_portal.grants.situations import DAY
from tests.factories import make_acceptance, make_family, make_grant, make_user, make_variant

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def run(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def lab() -> Grant:
    family = make_family()
    return make_grant(
        make_user("ada"), family, now=NOW, variants=[make_variant(family)], kind="lab", lab_name="The lab",
    )  # fmt: skip


@pytest.fixture
def dan(db: None) -> User:
    return make_user("dan", Role.DECIDER)


GIVEN = [
    "number = 'GR-9'", "holder_id = holder_id + 1", "kind = 'person'", "lab_name = 'Another'",
    "family_id = family_id + 1", "whole_family = NOT whole_family", "licence_version_id = licence_version_id + 1",
    "supersedes_id = 1", "application_id = 1", "reason = 'Because.'", "may_download = NOT may_download",
    "may_infer = NOT may_infer", "given_by_id = holder_id", "starts_at = ends_at", "ends_at = starts_at",
]  # fmt: skip


@pytest.mark.parametrize("change", GIVEN)
def test_what_a_grant_gives_is_frozen(lab: Grant, change: str) -> None:
    with pytest.raises(IntegrityError, match="frozen"):
        run(f"UPDATE grants_grant SET {change}")


def test_a_grant_and_its_sizes_cannot_be_deleted_or_widened(lab: Grant) -> None:
    other = make_variant(lab.family, "2m")
    for statement in (
        "DELETE FROM grants_grant",
        "DELETE FROM grants_grant_variants",
        "UPDATE grants_grant_variants SET variant_id = variant_id + 1",
        f"INSERT INTO grants_grant_variants (grant_id, variant_id) VALUES ({lab.pk}, {other.pk})",
    ):
        with pytest.raises(IntegrityError, match="frozen"):
            run(statement)
    assert [variant.slug for variant in lab.variants.all()] == ["1m"]


ENDS = {"revoked": (), "superseded": (), "surrendered": (), "undone": (), "expired": ("superseded",)}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("to", Grant.State.values)
def test_the_end_of_a_grant_is_final(lab: Grant, end: str, to: str) -> None:
    run("UPDATE grants_grant SET state = %s", end)
    if to == end or to in ENDS[end]:
        run("UPDATE grants_grant SET state = %s", to)
    else:
        with pytest.raises(IntegrityError, match="final"):
            run("UPDATE grants_grant SET state = %s", to)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "lab", "lab_name": ""}, "names_it"),
        ({"kind": "person", "lab_name": "The lab"}, "names_it"),
        ({"state": "paused"}, "state_known"),
        ({"whole_family": None}, "whole_family"),
    ],
)
def test_a_grant_that_means_nothing_cannot_be(lab: Grant, dan: User, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(IntegrityError, match=message), transaction.atomic():
        make_grant(dan, lab.family, now=NOW, **fields)


def member(lab: Grant, dan: User) -> GrantMember:
    return GrantMember.objects.create(
        grant=lab, email="mia@uni.example", name="Mia", invited_by=lab.holder, invited_at=NOW, user=dan,
        joined_at=NOW, acceptance=make_acceptance(dan, lab.licence_version),
    )  # fmt: skip


def removed(lab: Grant, dan: User) -> GrantMember:
    place = member(lab, dan)
    GrantMember.objects.update(removed_at=NOW, removed_by=dan)
    return place


def revocation(lab: Grant, dan: User) -> Revocation:
    return Revocation.objects.create(grant=lab, proposed_by=dan, proposed_at=NOW, reason="A breach.")


def declined(lab: Grant, dan: User) -> Revocation:
    eve = make_user("eve")
    return Revocation.objects.create(
        grant=lab, proposed_by=dan, proposed_at=NOW, reason="A breach.", declined_by=eve, declined_at=NOW
    )


def renewal(lab: Grant, dan: User) -> Renewal:
    return Renewal.objects.create(grant=lab, asked_by=lab.holder, asked_at=NOW, outputs="A paper.")


def refused(lab: Grant, dan: User) -> Renewal:
    return Renewal.objects.create(
        grant=lab,
        asked_by=lab.holder,
        asked_at=NOW,
        outputs="A paper.",
        state="refused",
        decided_by=dan,
        decided_at=NOW,
    )


def attestation(lab: Grant, dan: User) -> Attestation:
    return Attestation.objects.create(grant=lab, by=lab.holder, statement="All well.", at=NOW)


def notice(lab: Grant, dan: User) -> GrantNotice:
    return GrantNotice.objects.create(grant=lab, kind="ends_in_90_days", sent_at=NOW)


def surrender(lab: Grant, dan: User) -> Surrender:
    return Surrender.objects.create(grant=lab, by=lab.holder, statement="All deleted.", at=NOW)


Make = Callable[[Grant, User], Any]
KEPT: list[tuple[Make, str, str]] = [
    *((member, "grants_grantmember", change) for change in (
        "grant_id = grant_id + 1", "email = 'eve@uni.example'", "name = 'Eve'", "invited_by_id = user_id",
        "user_id = invited_by_id", "joined_at = NULL, user_id = NULL, acceptance_id = NULL",
    )),
    (removed, "grants_grantmember", "removed_at = NULL, removed_by_id = NULL"),
    *((revocation, "grants_revocation", change) for change in ("reason = 'Other.'", "proposed_by_id = 1", "emergency = NOT emergency")),
    *((declined, "grants_revocation", change) for change in ("declined_by_id = NULL, declined_at = NULL", "declined_reason = 'Other.'")),
    *((renewal, "grants_renewal", change) for change in ("outputs = 'Nothing.'", "asked_by_id = asked_by_id + 1")),
    *((refused, "grants_renewal", change) for change in ("text = 'Other.'", "state = 'asked', decided_by_id = NULL, decided_at = NULL")),
    (attestation, "grants_attestation", "statement = 'Not well.'"),
    (notice, "grants_grantnotice", "kind = 'ends_in_14_days'"),
    (surrender, "grants_surrender", "statement = 'Some kept.'"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "table", "change"), KEPT)
def test_what_happened_stays_on_record(lab: Grant, dan: User, make: Make, table: str, change: str) -> None:
    make(lab, dan)
    for statement in (f"UPDATE {table} SET {change}", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError):
            run(statement)


def test_the_words_of_people_may_be_forgotten(lab: Grant, dan: User) -> None:
    member(lab, dan)
    renewal(lab, dan)
    run("UPDATE grants_grantmember SET email = '', name = ''")
    run("UPDATE grants_renewal SET outputs = ''")
    assert GrantMember.objects.get().joined_at == NOW


ONCE: list[tuple[Make, str]] = [
    (revocation, "one_open_revocation|grants_revocation.grant_id"),
    (renewal, "one_open_renewal|grants_renewal.grant_id"),
    (notice, "notice_once|grants_grantnotice"),
    (surrender, "grants_surrender"),
    (member, "one_place|grants_grantmember"),
]


@pytest.mark.parametrize(("make", "message"), ONCE)
def test_some_things_happen_once(lab: Grant, dan: User, make: Make, message: str) -> None:
    make(lab, dan)
    with pytest.raises(IntegrityError, match=message), transaction.atomic():
        make(lab, dan)


@pytest.mark.parametrize(
    "fields", [{"ratified_at": NOW}, {"declined_at": NOW}, {"lapsed_at": NOW, "ratified": True}, {"ratified": "self"}]
)
def test_a_revocation_has_one_outcome_by_a_second_person(lab: Grant, dan: User, fields: dict[str, Any]) -> None:
    by = {True: make_user("eve"), "self": dan}.get(fields.pop("ratified", None))
    if by:
        fields |= {"ratified_by": by, "ratified_at": NOW}
    with pytest.raises(IntegrityError), transaction.atomic():
        Revocation.objects.create(grant=lab, proposed_by=dan, proposed_at=NOW, reason="A breach.", **fields)


def test_whoever_shares_or_shared_a_lab_are_labmates(lab: Grant, dan: User) -> None:
    eve, zoe = make_user("eve"), make_user("zoe")
    member(lab, dan)
    GrantMember.objects.create(grant=lab, email=zoe.email, invited_by=lab.holder, invited_at=NOW)  # has not joined
    place = GrantMember.objects.create(
        grant=lab, email=eve.email, invited_by=lab.holder, invited_at=NOW - DAY, user=eve, joined_at=NOW - DAY,
        acceptance=make_acceptance(eve, lab.licence_version),
    )  # fmt: skip
    GrantMember.objects.filter(pk=place.pk).update(removed_at=NOW, removed_by=lab.holder)
    Grant.objects.update(state="revoked")
    ada = lab.holder
    assert labmates(ada.pk) == {dan.pk, eve.pk}
    assert labmates(dan.pk) == {ada.pk, eve.pk}
    assert labmates(eve.pk) == {ada.pk, dan.pk}
    assert labmates(zoe.pk) == frozenset()


def test_grants_from_before_keep_what_they_meant(dan: User) -> None:
    """No named size used to mean the whole family."""
    terms = {"holder": dan, "starts_at": NOW, "ends_at": NOW + DAY, "reason": "A study.", "token_quota": 1}
    meant = {}
    for slug in ("whole", "one-size"):
        family = make_family(slug)
        version = family.weights_licence.versions.get()
        meant[slug] = Grant.objects.create(family=family, licence_version=version, whole_family=False, **terms)
        meant[slug].variants.set([make_variant(family)] if slug == "one-size" else [])
    migration = importlib.import_module("access_portal.grants.migrations.0005_whole_family_as_before")
    migration.say_it_outright(apps, None)
    assert {slug: Grant.objects.get(pk=grant.pk).whole_family for slug, grant in meant.items()} == {
        "whole": True, "one-size": False,
    }  # fmt: skip
