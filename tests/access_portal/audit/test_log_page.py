"""The event log as auditors read it: filters, the chain in words, a file; nothing personal, nothing of one's own."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.db import connection
from django.test import Client

from access_portal.accounts.models import Role, User
from access_portal.applications.models import State
from access_portal.audit.commands import record
from access_portal.audit.models import Event
from tests.access_portal.applications.scenes import make_application, make_open_family, make_staff
from tests.database import triggers_aside
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db
LOG, FILE = "/office/audit/", "/office/audit/events.csv"
DAYS = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (1, 2, 3)]


@pytest.fixture
def olga(client: Client) -> User:
    client.force_login(make_staff("aud", Role.AUDITOR))
    olga = make_user("olga")
    record("application:GH-2026-00007", "application_submitted", actor=olga, now=DAYS[0], data={"round": 1})
    record("application:GH-2026-00007", "application_claimed", actor=None, now=DAYS[1])
    record("user:77", "role_given", actor=olga, now=DAYS[2], data={"role": "reviewer", "reason": "Ada said so"})
    return olga


def shown(client: Client, asked: str = "") -> list[str]:
    page = client.get(f"{LOG}?{asked}").content.decode()
    return re.findall(r'<td class="mono">(\w+)</td>', page)


@pytest.mark.parametrize("role", [*Role, None])
@pytest.mark.parametrize("page", [LOG, FILE])
def test_only_auditors_and_the_office_read_it(client: Client, role: Role | None, page: str) -> None:
    client.force_login(make_staff("sam", *([role] if role else [])))
    assert client.get(page).status_code == (200 if role in (Role.AUDITOR, Role.ADMIN) else 403)
    assert client.post(page).status_code == 405


ASKED = {
    "": ["role_given", "application_claimed", "application_submitted"],
    "subject=application:GH-2026-00007": ["application_claimed", "application_submitted"],
    "subject=GH-2026-00007": ["application_claimed", "application_submitted"],
    "subject=GH-2026-0000": [],
    "name=role_": ["role_given"],
    "actor=olga": ["role_given", "application_submitted"],
    "since=2026-03-02&until=2026-03-02": ["application_claimed"],
    "until=2026-03-01": ["application_submitted"],
    "name=role_&actor=nobody": [],
    "page=99": ["role_given", "application_claimed", "application_submitted"],
}


@pytest.mark.parametrize("asked", ASKED)
def test_events_are_found(client: Client, olga: User, asked: str) -> None:
    assert shown(client, asked) == ASKED[asked]


@pytest.mark.parametrize("asked", ["since=yesterday", "subject=" + "x" * 500, "until=2026-13-45"])
def test_what_cannot_be_understood_is_said(client: Client, olga: User, asked: str) -> None:
    answer = client.get(f"{LOG}?{asked}")
    assert answer.status_code == 200
    assert "field-errors" in answer.content.decode()


def test_a_whole_chain_is_said_to_be_whole(client: Client, olga: User) -> None:
    page = client.get(f"{LOG}?check=application:GH-2026-00007").content.decode()
    assert "The chain of application:GH-2026-00007 is whole: its 2 events" in page


def test_a_rewritten_event_is_named(client: Client, olga: User) -> None:
    with triggers_aside(connection):
        Event.objects.filter(sequence=1, subject="application:GH-2026-00007").update(actor=None)
    page = client.get(f"{LOG}?check=application:GH-2026-00007").content.decode()
    assert "is broken: event 1 (application_submitted)" in page


@pytest.mark.parametrize("subject", ["user:0", "%00x", "<script>alert(1)</script>", "x" * 500])
def test_there_is_no_such_chain(client: Client, olga: User, subject: str) -> None:
    page = client.get(f"{LOG}?check={subject}").content.decode()
    assert "There is no chain" in page
    assert "<script>alert" not in page


def test_the_file_holds_the_same_events_and_no_words_of_people(client: Client, olga: User) -> None:
    answer = client.get(f"{FILE}?name=role_")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="events.csv"'
    head, row = csv.reader(StringIO(answer.content.decode()))
    event = Event.objects.get(name="role_given")
    wanted = [event.at.isoformat(), "user:77", "1", "role_given", "olga", "role=reviewer", event.hash]
    assert (head[3], row) == ("event", wanted)


@pytest.mark.parametrize("word", ["Ada said so", "reason", "a@b.example", "Ada"])
def test_nothing_personal_is_shown(client: Client, olga: User, word: str) -> None:
    record("user:78", "something", actor=None, now=DAYS[0], data={"name": "Ada", "mail": "a@b.example", "count": 3})
    page = client.get(LOG).content.decode().split("<tbody>")[1]
    assert "count=3" in page
    assert word not in page


def test_ones_own_case_and_grant_are_left_out(client: Client) -> None:
    aud = make_staff("aud", Role.AUDITOR)
    client.force_login(aud)
    family = make_open_family()
    case = make_application(aud, family, State.IN_REVIEW, holder=make_staff("ben", Role.REVIEWER))
    grant = make_grant(aud, family)
    other = make_application(make_user("ada"), family)
    for subject in (case.subject, grant.subject, other.subject):
        record(subject, "looked_at", actor=None, now=DAYS[0])
    page = client.get(LOG).content.decode() + client.get(FILE).content.decode()
    assert other.subject in page
    assert case.subject not in page
    assert grant.subject not in page
    assert "There is no chain" in client.get(f"{LOG}?check={case.subject}").content.decode()
