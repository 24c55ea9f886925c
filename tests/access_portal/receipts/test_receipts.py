"""A receipt says what was granted under which text, is the same file again, and is made anew when things changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from joserfc.jwk import OKPKey
from pytest_django import Settings

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Conflict
from access_portal.audit.models import Event
from access_portal.errors import NotFoundError, PermissionRefusedError
from access_portal.grants.models import Grant, GrantMember
from access_portal.licences.models import LicenceAcceptance
from access_portal.receipts.commands import receipt_of_acceptance, receipt_of_grant
from access_portal.receipts.models import Receipt
from access_portal.receipts.signing import ReceiptsUnavailableError, canonical, published_keys, read
from access_portal.receipts.verify import verify
from tests.factories import make_acceptance, make_family, make_grant, make_licence_version, make_user, make_variant

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def grant(ada: User) -> Grant:
    return make_grant(ada, make_family(), now=NOW, reason="Because of a secret study.")


def claims_of(grant: Grant, now: datetime = NOW) -> dict[str, Any]:
    return read(receipt_of_grant(grant=grant, actor=grant.holder, now=now).jws)


def test_a_receipt_says_what_was_granted_and_why_is_not_in_it(grant: Grant, ada: User) -> None:
    claims = claims_of(grant)
    acceptance, version = LicenceAcceptance.objects.get(), grant.licence_version
    assert claims["grant"] == {
        "number": grant.number, "kind": "person", "state": "active", "family": "Toy", "sizes": ["all"],
        "starts_at": "2026-02-28T12:00:00Z", "ends_at": "2027-03-01T12:00:00Z", "rights": ["download", "inference"],
    }  # fmt: skip
    assert claims["licence"] == {
        "title": "Research licence", "version": "1.0", "language": "en", "sha256": version.sha256,
    }  # fmt: skip
    assert [row["sha256"] for row in claims["acceptances"]] == [acceptance.sha256]
    assert (claims["iss"], claims["sub"], claims["iat"]) == ("http://testserver", "ada", int(NOW.timestamp()))
    assert "secret study" not in str(claims)
    assert ada.email not in str(claims)


def test_a_stranger_can_verify_it_with_the_published_keys_alone(grant: Grant) -> None:
    receipt = receipt_of_grant(grant=grant, actor=grant.holder, now=NOW)
    assert verify(receipt.jws.encode(), canonical(published_keys()))["grant"]["number"] == grant.number


def test_sizes_and_rights_are_named(ada: User) -> None:
    family = make_family("toy")
    sizes = [make_variant(family, "7b", parameters=7), make_variant(family, "1b", parameters=1)]
    claims = claims_of(make_grant(ada, family, now=NOW, variants=sizes, may_infer=False))
    assert (claims["grant"]["sizes"], claims["grant"]["rights"]) == (["1B", "7B"], ["download"])


def test_the_same_state_gives_the_same_file_again(grant: Grant) -> None:
    first = receipt_of_grant(grant=grant, actor=grant.holder, now=NOW)
    again = receipt_of_grant(grant=grant, actor=grant.holder, now=NOW + 30 * DAY)
    assert again.jws == first.jws
    assert Receipt.objects.count() == 1
    assert Event.objects.filter(subject=f"grant:{grant.number}", name="grant_receipt_made").count() == 1


def test_another_state_gives_another_receipt_and_the_first_stays(grant: Grant) -> None:
    assert claims_of(grant)["grant"]["state"] == "active"
    Grant.objects.filter(pk=grant.pk).update(state="suspended", state_reason="A doubt.")
    grant.refresh_from_db()
    assert claims_of(grant)["grant"]["state"] == "suspended"
    assert claims_of(grant, grant.ends_at)["grant"]["state"] == "expired"
    assert Receipt.objects.count() == 3


def test_accepting_a_later_text_is_in_the_next_receipt(grant: Grant, ada: User) -> None:
    claims_of(grant)
    later = make_licence_version(grant.licence_version.licence, "2.0", "Be better.")
    make_acceptance(ada, later)
    make_acceptance(ada, make_licence_version())  # another licence is another matter
    claims = claims_of(grant)
    assert [row["version"] for row in claims["acceptances"]] == ["1.0", "2.0"]
    assert claims["licence"]["version"] == "1.0"


def test_a_lab_grant_names_the_lab_and_who_has_joined(ada: User) -> None:
    grant = make_grant(ada, make_family(), now=NOW, kind=Grant.Kind.LAB, lab_name="Lab of Ada")
    for name, removed in (("mia", False), ("max", True)):
        member = make_user(name)
        acceptance = make_acceptance(member, grant.licence_version)
        GrantMember.objects.create(
            grant=grant, email=member.email, invited_by=ada, invited_at=NOW, user=member, joined_at=NOW,
            acceptance=acceptance, removed_at=NOW if removed else None, removed_by=ada if removed else None,
        )  # fmt: skip
    GrantMember.objects.create(grant=grant, email="late@uni.example", invited_by=ada, invited_at=NOW)
    claims = claims_of(grant)
    assert claims["grant"]["lab"] == "Lab of Ada"
    assert [(row["sub"], row["version"]) for row in claims["members"]] == [("mia", "1.0")]
    assert "late@uni.example" not in str(claims)


def test_an_acceptance_has_a_receipt_of_its_own(ada: User) -> None:
    acceptance = make_acceptance(ada, make_licence_version())
    receipt = receipt_of_acceptance(acceptance=acceptance, actor=ada, now=NOW)
    claims = read(receipt.jws)
    assert (claims["receipt"], claims["licence"]["sha256"]) == ("acceptance", acceptance.version.sha256)
    assert claims["acceptances"][0]["capacity"] == "self"
    assert receipt_of_acceptance(acceptance=acceptance, actor=ada, now=NOW + DAY) == receipt


READERS = [  # of the grant and of the acceptance: whoever stops things reads grants, and no more of a person
    ("a reviewer", [Role.REVIEWER], (True, True)),
    ("a decider", [Role.DECIDER], (True, True)),
    ("an auditor", [Role.AUDITOR], (True, True)),
    ("an operator", [Role.OPERATOR], (True, False)),
    ("a release manager", [Role.RELEASE_MANAGER], (False, False)),
    ("somebody else", [], (False, False)),
]


def reads(make: Callable[[], Receipt]) -> bool:
    try:
        return bool(make())
    except (NotFoundError, PermissionRefusedError):
        return False


@pytest.mark.parametrize(("who", "roles", "may"), READERS, ids=[row[0] for row in READERS])
def test_only_the_holder_and_reading_staff_get_it(
    who: str, roles: list[Role], may: tuple[bool, bool], grant: Grant
) -> None:
    reader, acceptance = make_user("rea", *roles), LicenceAcceptance.objects.get()
    of_grant = reads(lambda: receipt_of_grant(grant=grant, actor=reader, now=NOW))
    assert (of_grant, reads(lambda: receipt_of_acceptance(acceptance=acceptance, actor=reader, now=NOW))) == may
    assert Receipt.objects.count() == sum(may)


def test_staff_who_stand_too_near_to_the_holder_get_none(grant: Grant, ada: User) -> None:
    near = make_user("rea", Role.REVIEWER)
    Conflict.objects.create(user=near, applicant=ada, declared_at=NOW)
    with pytest.raises(PermissionRefusedError):
        receipt_of_grant(grant=grant, actor=near, now=NOW)
    with pytest.raises(NotFoundError):
        receipt_of_acceptance(acceptance=LicenceAcceptance.objects.get(), actor=near, now=NOW)


def test_without_a_key_there_is_no_receipt_and_it_is_said(grant: Grant, settings: Settings) -> None:
    settings.RECEIPT_KEY = None
    with pytest.raises(ReceiptsUnavailableError) as error:
        receipt_of_grant(grant=grant, actor=grant.holder, now=NOW)
    assert (error.value.code, error.value.status) == ("receipts_unavailable", 503)


def test_a_new_key_leaves_old_receipts_as_they_were(grant: Grant, settings: Settings) -> None:
    first = receipt_of_grant(grant=grant, actor=grant.holder, now=NOW)
    settings.RECEIPT_OLD_KEYS = [settings.RECEIPT_KEY]
    settings.RECEIPT_KEY = OKPKey.generate_key("Ed25519")
    assert len(published_keys()["keys"]) == 2
    assert receipt_of_grant(grant=grant, actor=grant.holder, now=NOW) == first
    assert verify(first.jws.encode(), canonical(published_keys()))


def test_a_receipt_whose_key_is_published_no_more_is_made_anew(grant: Grant, settings: Settings) -> None:
    first = receipt_of_grant(grant=grant, actor=grant.holder, now=NOW)
    settings.RECEIPT_KEY = OKPKey.generate_key("Ed25519")
    second = receipt_of_grant(grant=grant, actor=grant.holder, now=NOW)
    assert second.key_id != first.key_id
    assert Receipt.objects.count() == 2


@pytest.mark.parametrize("change", ["UPDATE receipts_receipt SET jws = 'x'", "DELETE FROM receipts_receipt"])
def test_the_database_keeps_receipts_as_they_are(change: str, grant: Grant) -> None:
    receipt = receipt_of_grant(grant=grant, actor=grant.holder, now=NOW)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert Receipt.objects.get() == receipt


def test_a_receipt_whose_text_was_forgotten_is_made_anew(grant: Grant) -> None:
    """A member who was of the lab once closes the account, and with it goes what the holder had in hand."""
    first = receipt_of_grant(grant=grant, actor=grant.holder, now=NOW)
    Receipt.objects.update(jws="")
    again = receipt_of_grant(grant=grant, actor=grant.holder, now=NOW + DAY)
    assert (again.pk != first.pk, read(again.jws)["iat"]) == (True, int((NOW + DAY).timestamp()))
    assert receipt_of_grant(grant=grant, actor=grant.holder, now=NOW + 2 * DAY) == again
