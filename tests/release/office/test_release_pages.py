"""The office's pages of releases: what they show, what they offer, and what a click does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from access_portal.accounts.models import Role, User
from release.errors import ReleaseStateError
from release.lifecycle import Command
from release.models import Artifact, Release
from release.office.giving import give
from release.publishing import withdraw_release
from release.publishing.due import verify_due
from release.store_checks import check_store
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_licence_version, make_release, make_variant
from tests.release.publishing.scenes import DAY, damage, fetched, fresh, published, scheduled, staged, verified

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server")]
HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture
def rosa(client: Client) -> User:
    person = make_staff("rosa", Role.RELEASE_MANAGER)
    client.force_login(person)
    return person


def page_of(release: Release, command: str = "") -> str:
    tail = f"{command}/" if command else ""
    return f"/office/releases/{release.variant.model_id}/{release.version}/{tail}"


def offered(client: Client, release: Release) -> set[str]:
    page = client.get(page_of(release)).content.decode()
    known = ("verify", "publish", "schedule", "unschedule", "sign", "deprecate", "withdraw")
    return {name for name in known if f'href="{page_of(release, name)}"' in page}


def test_each_state_offers_its_commands(client: Client, rosa: User) -> None:
    family = make_variant().family
    of = {
        "staged": staged(make_variant(family, "a")),
        "verified": verified(make_variant(family, "b")),
        "scheduled": scheduled(make_variant(family, "c"), timezone.now() + DAY),
        "due": scheduled(make_variant(family, "d")),
        "published": published(make_variant(family, "e")),
        "unsigned": make_release(make_variant(family, "f")),
        "deprecated": make_release(make_variant(family, "g"), state="deprecated", signature="a.b.c"),
        "withdrawn": make_release(make_variant(family, "h"), state="withdrawn", signature="a.b.c"),
    }
    assert {name: offered(client, release) for name, release in of.items()} == {
        "staged": {"verify"},
        "verified": {"verify", "publish", "schedule"},
        "scheduled": {"schedule", "unschedule"},
        "due": {"publish", "schedule", "unschedule"},
        "published": {"deprecate", "withdraw"},
        "unsigned": {"sign", "deprecate", "withdraw"},
        "deprecated": {"deprecate", "withdraw"},
        "withdrawn": set(),
    }


def test_auditors_read_and_are_offered_nothing(client: Client) -> None:
    release = published()
    client.force_login(make_staff("vera", Role.AUDITOR))
    assert offered(client, release) == set()
    assert client.get(page_of(release, "withdraw")).status_code == 403
    answer = client.post(page_of(release, "withdraw"), {"seen": release.staged_at.isoformat(), "reason": "x"})
    assert (answer.status_code, fresh(release).state) == (403, "published")


def test_with_two_people_nobody_is_offered_to_publish_what_they_staged(
    client: Client, rosa: User, settings: Settings
) -> None:
    settings.RELEASE_TWO_PEOPLE = True
    own = verified()
    others = verified(make_variant(own.variant.family, "b"))
    Release.objects.filter(pk=own.pk).update(staged_by=rosa)
    assert offered(client, own) == {"verify"}
    assert offered(client, others) == {"verify", "publish", "schedule"}
    answer = client.post(page_of(own, "publish"), {"seen": own.staged_at.isoformat()})
    assert (answer.status_code, fresh(own).state) == (409, "verified")


def test_what_stands_in_the_way_is_told_before_the_moment_comes(client: Client, rosa: User, settings: Settings) -> None:
    release = scheduled(publish_at=timezone.now() + DAY)
    assert "notice--warning" in client.get(page_of(release)).content.decode()  # that it is scheduled
    make_licence_version(release.licence_version.licence, "2.0", "Be better.")
    settings.RELEASE_KEY = None
    page = client.get(page_of(release)).content.decode()
    assert "a licence text that has been replaced" in page
    assert "GATEHOUSE_RELEASE_KEY" in page
    assert "take two people" not in page
    settings.RELEASE_TWO_PEOPLE = True
    Release.objects.filter(pk=release.pk).update(staged_by=release.scheduled_by)
    assert "take two people" in client.get(page_of(release)).content.decode()


def test_a_page_says_what_will_happen_and_the_click_does_it(client: Client, rosa: User) -> None:
    release = verified()
    page = client.get(page_of(release, "publish")).content.decode()
    assert "everybody who holds a grant for Toy 1M can fetch it" in page
    answer = client.post(page_of(release, "publish"), {"seen": release.staged_at.isoformat()})
    assert answer["Location"] == page_of(release)
    found = fresh(release)
    assert (found.state, found.published_by, bool(found.signature)) == ("published", rosa, True)


def test_what_was_staged_meanwhile_is_not_published_by_somebody_who_looked_at_other_files(
    client: Client, rosa: User
) -> None:
    release = verified()
    Release.objects.filter(pk=release.pk).update(staged_at=release.staged_at + timedelta(seconds=1))
    answer = client.post(page_of(release, "publish"), {"seen": release.staged_at.isoformat()})
    assert answer.status_code == 409
    assert "Somebody staged other files meanwhile" in answer.content.decode()
    assert fresh(release).state == "verified"


@pytest.mark.parametrize("seen", ["", "yesterday", "2026-06-01T12:00:00", "9" * 500, "\0"])
def test_a_form_without_what_its_reader_saw_does_nothing(client: Client, rosa: User, seen: str) -> None:
    release = verified()
    assert client.post(page_of(release, "publish"), {"seen": seen}).status_code == 422
    assert fresh(release).state == "verified"


def test_verifying_is_asked_for_and_done_by_the_clock(client: Client, rosa: User) -> None:
    release = staged()
    client.post(page_of(release, "verify"), {"seen": release.staged_at.isoformat()})
    assert "are being read again" in client.get(page_of(release)).content.decode()
    assert verify_due(timezone.now()) == 1
    assert fresh(release).verified_by == rosa


def test_publishing_what_nobody_verified_is_for_the_command_line(client: Client, rosa: User) -> None:
    release = staged()
    answer = client.post(page_of(release, "publish"), {"seen": release.staged_at.isoformat()})
    assert (answer.status_code, fresh(release).state) == (409, "staged")
    assert "Verify it first" in answer.content.decode()


@pytest.mark.parametrize("moment", ["", "soon", "2020-01-01T00:00", "2999-01-01T00:00", "2026-06-01T12:00:00+99:00"])
def test_moments_that_cannot_be_are_refused_at_their_field(client: Client, rosa: User, moment: str) -> None:
    release = verified()
    said = {"seen": release.staged_at.isoformat(), "publish_at": moment}
    answer = client.post(page_of(release, "schedule"), said)
    assert answer.status_code == 422
    assert "id_publish_at_error" in answer.content.decode()
    assert fresh(release).state == "verified"


def test_the_moment_is_taken_as_utc(client: Client, rosa: User) -> None:
    release, moment = verified(), (timezone.now() + DAY).replace(second=0, microsecond=0)
    said = {"seen": release.staged_at.isoformat(), "publish_at": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}"}
    client.post(page_of(release, "schedule"), said)
    assert fresh(release).publish_at == moment


def test_a_withdrawal_says_how_many_people_hear_of_it_and_shows_its_reason_as_text(client: Client, rosa: User) -> None:
    release = published()
    fetched(release, "ada")
    assert "1 person who ever fetched it gets a mail" in client.get(page_of(release, "withdraw")).content.decode()
    said = {"seen": release.staged_at.isoformat(), "reason": HOSTILE}
    client.post(page_of(release, "withdraw"), said)
    page = client.get(page_of(release)).content.decode()
    assert fresh(release).state == "withdrawn"
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_successor_is_chosen_among_what_is_published(client: Client, rosa: User) -> None:
    old = published()
    new = published(old.variant, "v2")
    gone = make_release(old.variant, "v3", "withdrawn")
    said = {"seen": old.staged_at.isoformat(), "reason": "Slow."}
    assert client.post(page_of(old, "deprecate"), {**said, "successor": gone.pk}).status_code == 422
    client.post(page_of(old, "deprecate"), {**said, "successor": new.pk})
    assert fresh(old).successor == new


def test_the_difference_from_the_version_before_is_shown(client: Client, rosa: User) -> None:
    release = staged(published().variant, "v2")
    Artifact.objects.create(
        release=release, path="model.safetensors", size_bytes=9, sha256="5" * 64, md5="5" * 32, storage_key="x"
    )
    page = client.get(page_of(release)).content.decode()
    assert "Different from Toy 1M v1" in page
    assert 'New: <span class="mono">model.safetensors</span>' in page


def test_damage_in_the_store_is_shown_with_its_cure_until_it_is_mended(client: Client, rosa: User) -> None:
    release = published()
    cure = "<code>manage.py release repair toy/1m v1 FOLDER</code>"
    assert cure not in client.get(page_of(release)).content.decode()
    damage(release)
    check_store(release, timezone.now())
    page = client.get(page_of(release)).content.decode()
    assert 'Damaged or missing in the store: <span class="mono office-long">params.json</span>' in page
    assert cure in page
    withdraw_release(release=release, reason="Wrong.", actor=None, now=timezone.now())
    page = client.get(page_of(release)).content.decode()
    assert "Damaged or missing in the store" in page
    assert cure not in page
    damage(release, b"{}")
    check_store(release, timezone.now())
    assert "Damaged or missing in the store" not in client.get(page_of(release)).content.decode()


def test_a_signature_that_our_keys_do_not_fit_is_shown_as_such(client: Client, rosa: User) -> None:
    release = make_release(signature="a.b.c")
    assert "not to be believed" in client.get(page_of(release)).content.decode()


@pytest.mark.parametrize("path", ["nothing/v1/", "toy-1m/v9/", "toy-1m/%00/", "..%2f/v1/", "toy-1m/v1/explode/"])
def test_addresses_of_nothing_are_not_found(client: Client, rosa: User, path: str) -> None:
    published()
    assert client.get(f"/office/releases/{path}").status_code in (400, 404)


def test_the_list_takes_few_queries(
    client: Client, rosa: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    variant = make_variant()
    for number in range(12):
        make_release(variant, f"v{number}", "published" if number % 2 else "staged")
    withdraw_release(
        release=Release.objects.get(version="v1"), reason="x", actor=None, now=datetime(2026, 6, 2, tzinfo=UTC)
    )
    with django_assert_max_num_queries(10):
        page = client.get("/office/releases/").content.decode()
    assert page.count('<th scope="row">') == 12


def test_a_page_never_reads_all_files_whoever_calls_it(rosa: User) -> None:
    release = staged()
    with pytest.raises(ReleaseStateError) as refused:
        give(
            release=release, command=Command.PUBLISH, actor=rosa, seen=release.staged_at, now=timezone.now(), said={}
        )  # fmt: skip
    assert (refused.value.code, fresh(release).state) == ("not_verified", "staged")
