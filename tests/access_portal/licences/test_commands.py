"""A licence text is published once and accepted as it was shown."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from access_portal.audit.models import Event
from access_portal.errors import ConflictError, InvalidError
from access_portal.licences.commands import accept, publish_version
from access_portal.licences.models import Licence, LicenceAcceptance, LicenceVersion
from access_portal.licences.queries import current_version
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, tzinfo=UTC)
TEXT = "# Licence\n\nBe good, wherever you are: naïve or not.\n"


@pytest.fixture
def licence() -> Licence:
    return Licence.objects.create(slug="research", title="Research licence")


def publish(licence: Licence, number: str = "1.0", text: str = TEXT, now: datetime = NOW) -> LicenceVersion:
    return publish_version(licence=licence, number=number, text=text, summary=["Be good."], actor=None, now=now)


def take(version: LicenceVersion, shown: str, name: str = "ada") -> LicenceAcceptance:
    return accept(actor=make_user(name), version=version, shown_sha256=shown, capacity="self", act="ticked", now=NOW)


def test_the_hash_is_of_the_bytes_of_the_text(licence: Licence) -> None:
    version = publish(licence)
    assert version.sha256 == hashlib.sha256(TEXT.encode("utf-8")).hexdigest()
    event = Event.objects.get(subject="licence:research")
    assert event.data == {"number": "1.0", "sha256": version.sha256, "language": "en"}


def test_a_number_is_used_once(licence: Licence) -> None:
    publish(licence)
    with pytest.raises(ConflictError) as error:
        publish(licence, text="Another.")
    assert error.value.code == "licence_number_used"
    assert licence.versions.count() == 1


@pytest.mark.parametrize(("number", "text"), [("", TEXT), (" ", TEXT), ("1.0", ""), ("1.0", " \n")])
def test_a_version_without_number_or_text_is_refused(number: str, text: str, licence: Licence) -> None:
    with pytest.raises(InvalidError):
        publish(licence, number, text)


def test_the_current_version_is_the_one_published_last(licence: Licence) -> None:
    assert current_version(licence) is None
    publish(licence)
    second = publish(licence, "2.0", "New.", NOW + timedelta(days=1))
    assert current_version(licence) == second


def test_an_acceptance_keeps_who_what_and_how(licence: Licence) -> None:
    version = publish(licence)
    acceptance = take(version, version.sha256)
    assert (acceptance.sha256, acceptance.capacity, acceptance.act) == (version.sha256, "self", "ticked")
    assert Event.objects.get(subject=f"user:{acceptance.user_id}").name == "licence_accepted"


@pytest.mark.parametrize("shown", ["", "0" * 64, "x" * 10_000])
def test_a_text_other_than_the_one_shown_is_not_accepted(shown: str, licence: Licence) -> None:
    with pytest.raises(ConflictError) as error:
        take(publish(licence), shown)
    assert error.value.code == "licence_changed"
    assert not LicenceAcceptance.objects.exists()


def test_a_replaced_version_can_no_longer_be_accepted(licence: Licence) -> None:
    first = publish(licence)
    second = publish(licence, "2.0", "New.", NOW + timedelta(days=1))
    with pytest.raises(ConflictError) as error:
        take(first, first.sha256)
    assert error.value.code == "licence_outdated"
    assert error.value.remedy_path == f"/licences/{second.pk}/"


def test_accepting_twice_is_accepting_once(licence: Licence) -> None:
    version = publish(licence)
    first = take(version, version.sha256)
    again = accept(actor=first.user, version=version, shown_sha256="", capacity="institution", act="again", now=NOW)
    assert again == first
    assert LicenceAcceptance.objects.count() == 1


def test_a_capacity_we_do_not_know_is_refused(licence: Licence) -> None:
    version = publish(licence)
    with pytest.raises(InvalidError) as error:
        accept(actor=make_user(), version=version, shown_sha256=version.sha256, capacity="king", act="ticked", now=NOW)
    assert error.value.field == "capacity"
