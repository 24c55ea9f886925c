"""A copy of a whole case: what is in it, who gets it, and that it is written down."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.models import Application, Conflict, State
from access_portal.audit.commands import record
from access_portal.audit.models import Event
from access_portal.reports.commands import export_case
from tests.access_portal.applications.scenes import HOUR, NOW, make_application, make_open_family, make_staff
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Application:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW)
    record(case.subject, "application_submitted", actor=case.applicant, now=NOW)
    return case


@pytest.mark.parametrize("role", list(Role))
def test_deciders_administrators_and_auditors_may_copy_a_case(role: Role, case: Application, client: Client) -> None:
    client.force_login(make_staff("mia", role))
    may = role in (Role.DECIDER, Role.ADMIN, Role.AUDITOR)
    assert client.get(f"/office/cases/{case.number}/export/").status_code == (200 if may else 403)
    assert client.post(f"/office/cases/{case.number}/export.json").status_code == (200 if may else 403)
    assert Event.objects.filter(name="application_exported").count() == int(may)


def test_for_applicants_there_is_no_such_page(case: Application, client: Client) -> None:
    client.force_login(case.applicant)
    for method in (client.get, client.post):
        assert method(f"/office/cases/{case.number}/export/").status_code in (404, 405)
    assert client.post(f"/office/cases/{case.number}/export.json").status_code == 404


def test_it_is_not_made_by_reading_an_address(case: Application, client: Client) -> None:
    client.force_login(make_staff("mia", Role.AUDITOR))
    assert client.get(f"/office/cases/{case.number}/export.json").status_code == 405
    assert not Event.objects.filter(name="application_exported").exists()


def test_nobody_copies_their_own_case_nor_decides_about_a_near_one(case: Application, client: Client) -> None:
    mia = make_staff("mia", Role.ADMIN, Role.AUDITOR, Role.DECIDER)
    own = make_application(mia, case.family)
    client.force_login(mia)
    assertContains(client.post(f"/office/cases/{own.number}/export.json"), "own_case", status_code=403)
    near = make_staff("dan", Role.DECIDER)
    Conflict.objects.create(user=near, application=case, declared_at=NOW)
    client.force_login(near)
    assertContains(client.post(f"/office/cases/{case.number}/export.json"), "conflict_of_interest", status_code=403)


def test_the_copy_has_everything_and_that_it_was_made(case: Application) -> None:
    auditor = make_user("mia", Role.AUDITOR)
    commands.note(actor=case.handler, number=str(case.number), text="Looks sound.", now=NOW)
    commands.send_message(actor=case.applicant, number=str(case.number), text="Hello?", now=NOW)
    copy = export_case(actor=auditor, number=str(case.number), now=NOW + HOUR)
    assert copy["rounds"][0]["answers"]["institution"] == "Example University"
    assert [note["text"] for note in copy["notes"]] == ["Looks sound."]
    assert [message["text"] for message in copy["messages"]] == ["Hello?"]
    chain = copy["events"]
    assert chain["is_whole"]
    assert [event["name"] for event in chain["events"]][-1] == "application_exported"
    assert chain["events"][-1]["actor"] == "mia"
    hashes = [""] + [event["hash"] for event in chain["events"]]
    assert [event["previous_hash"] for event in chain["events"]] == hashes[:-1]


def test_it_is_a_file_of_plain_json(case: Application, client: Client) -> None:
    client.force_login(make_staff("mia", Role.AUDITOR))
    response = client.post(f"/office/cases/{case.number}/export.json")
    assert response["Content-Disposition"] == f'attachment; filename="{case.number}.json"'
    assert json.loads(response.content)["number"] == case.number


def test_what_was_written_and_not_sent_is_left_out() -> None:
    case = make_application(make_user("ada"), make_open_family(), State.INFO_REQUESTED)
    Application.objects.filter(pk=case.pk).update(answers={"institution": "Still typing"})
    copy = export_case(actor=make_user("mia", Role.AUDITOR), number=str(case.number), now=NOW)
    assert "Still typing" not in str(copy)


def test_a_draft_is_nobodys_business(client: Client) -> None:
    draft = make_application(make_user("cy"), make_open_family(), State.DRAFT)
    client.force_login(make_staff("mia", Role.ADMIN))
    assert client.post(f"/office/cases/{draft.number}/export.json").status_code == 404


@pytest.mark.parametrize(("role", "withheld"), [(Role.DECIDER, 1), (Role.AUDITOR, 0)])
def test_who_has_yet_to_judge_does_not_read_the_opinions_of_others(
    role: Role, withheld: int, case: Application
) -> None:
    given: dict[str, Any] = {"number": str(case.number), "verdict": "approve", "now": NOW}
    commands.opine(actor=case.handler, text="Yes, from me.", **given)
    reader = make_user("mia", role)
    copy = export_case(actor=reader, number=str(case.number), now=NOW)
    assert (copy["opinions_withheld"], len(copy["opinions"])) == (withheld, 1 - withheld)
    if role == Role.DECIDER:
        commands.opine(actor=reader, text="Yes, from me too.", **given)
        assert len(export_case(actor=reader, number=str(case.number), now=NOW)["opinions"]) == 2


def test_the_applicant_is_not_told_of_copies(case: Application, client: Client) -> None:
    export_case(actor=make_user("mia", Role.AUDITOR), number=str(case.number), now=NOW)
    client.force_login(case.applicant)
    assert "copy of everything" not in client.get(f"/applications/{case.number}/").content.decode()


def test_a_number_that_is_typed_leads_to_the_page_of_the_copy(case: Application, client: Client) -> None:
    client.force_login(make_staff("mia", Role.AUDITOR))
    assert client.get(f"/office/cases/export/?number={case.number}").status_code == 302
    for number in ("", "GH-1", "\x00", "x" * 999):
        assert client.get("/office/cases/export/", {"number": number}).status_code == 404


def test_two_copies_are_two_events(case: Application) -> None:
    mia: User = make_user("mia", Role.AUDITOR)
    for _ in range(2):
        export_case(actor=mia, number=str(case.number), now=NOW)
    assert Event.objects.filter(name="application_exported").count() == 2
