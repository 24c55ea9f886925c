"""Who has what of a release, and who may read it."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import Role, User
from access_portal.grants.models import Grant
from release import ledger
from release.delivery import mint
from release.models import FetchReport, Release
from release.reporting import report_files
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_grant, make_user
from tests.release.test_counting import make_files

pytestmark = pytest.mark.django_db
LEDGER = "/office/releases/toy-1m/v1/ledger/"
Outcome = FetchReport.Outcome


@pytest.fixture
def release() -> Release:
    return make_files(a=1, b=2, c=3)


def fetched(name: str, release: Release, **said: Outcome | None) -> Grant:
    """Somebody asks for these files and says this of each."""
    grant = make_grant(make_user(name), release.variant.family)
    for path in said:
        fetch(grant.holder, release, path)
    told = {path: outcome for path, outcome in said.items() if outcome}
    if told:
        report_files(actor=grant.holder, release=release, outcomes=told, client="t", now=timezone.now())
    return grant


def fetch(user: User, release: Release, path: str) -> None:
    mint(actor=user, release=release, path=path, address="192.0.2.1", user_agent="", now=timezone.now())


def test_links_stand_beside_what_clients_said(release: Release) -> None:
    grant = fetched("ada", release, a=Outcome.VERIFIED, b=Outcome.DAMAGED, c=None)
    fetch(grant.holder, release, "a")
    fetched("ben", release, a=None)
    rows = {row.person.username: row for row in ledger.with_reports(release, ledger.shares(release))}
    ada, ben = rows["ada"], rows["ben"]
    assert (ada.grant, ada.links, ada.files, ada.counted_bytes) == (grant, 4, 3, 6)
    assert (ada.verified, ada.damaged, ada.unknown) == (1, 1, 1)
    assert (ben.links, ben.verified, ben.unknown) == (1, 0, 1)


def test_the_last_word_about_a_file_counts(release: Release) -> None:
    ada = fetched("ada", release, a=Outcome.DAMAGED).holder
    later = timezone.now() + timedelta(minutes=1)
    report_files(actor=ada, release=release, outcomes={"a": Outcome.VERIFIED}, client="t", now=later)
    row = ledger.with_reports(release, ledger.shares(release))[0]
    assert (row.verified, row.damaged, row.unknown) == (1, 0, 0)
    assert [line.outcome for line in ledger.lines(release)] == ["verified"]


def test_it_holds_nothing_of_another_release(release: Release) -> None:
    fetched("ada", release, a=None)
    other = Release.objects.create(variant=release.variant, version="v2", licence_version=release.licence_version)
    assert not ledger.shares(other).exists()
    assert not list(ledger.lines(other))


def test_the_cost_does_not_grow_with_people(
    release: Release, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(6):
        fetched(f"p{number}", release, a=Outcome.VERIFIED)
    with django_assert_num_queries(4):
        assert len(ledger.with_reports(release, ledger.shares(release))) == 6


@pytest.mark.parametrize("role", list(Role))
def test_release_managers_and_auditors_read_it(release: Release, client: Client, role: Role) -> None:
    client.force_login(make_staff("sam", role))
    readers = {Role.RELEASE_MANAGER, Role.AUDITOR, Role.ADMIN}
    for address in (LEDGER, LEDGER.replace("ledger/", "ledger.csv"), LEDGER.replace("ledger/", "rehearsal/")):
        assert client.get(address).status_code == (200 if role in readers else 403), address


def test_strangers_read_nothing(release: Release, client: Client) -> None:
    assert client.get(LEDGER).status_code == 302
    client.force_login(make_user("cy"))
    assert client.get(LEDGER).status_code == 403


def test_the_page_names_people_and_the_files_of_one(release: Release, client: Client) -> None:
    grant = fetched("ada", release, a=Outcome.VERIFIED, b=None)
    User.objects.filter(username="ada").update(full_name="<b>Ada</b>")
    client.force_login(make_staff("sam", Role.RELEASE_MANAGER))
    text = client.get(LEDGER).content.decode()
    assert "&lt;b&gt;Ada&lt;/b&gt;" in text
    assert "2 of 4" in text
    text = client.get(LEDGER, {"person": "ada", "grant": str(grant)}).content.decode()
    assert ("whole" in text, 'class="mono">b<' in text) == (True, True)
    assert "192.0.2.1" not in text
    assert client.get(LEDGER, {"person": "x\0", "grant": "'"}).status_code == 200
    assert client.get(LEDGER.replace("v1", "v9")).status_code == 404


def test_the_file_runs_no_formula(release: Release, client: Client) -> None:
    grant = fetched("ada", release, a=Outcome.VERIFIED, b=None)
    User.objects.filter(username="ada").update(full_name="=HYPERLINK(1)")
    client.force_login(make_staff("sam", Role.AUDITOR))
    answer = client.get(LEDGER.replace("ledger/", "ledger.csv"))
    rows = list(csv.reader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert rows[0] == ["person", "name", "grant", "file", "links", "first_link", "last_link", "report"]
    assert [row[:5] for row in rows[1:]] == [["ada", "'=HYPERLINK(1)", grant.number, path, "1"] for path in ("a", "b")]
    assert [row[7] for row in rows[1:]] == ["verified", ""]
