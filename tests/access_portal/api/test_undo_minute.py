"""What can still be undone was not said: an applicant's program hears of it when the mail leaves, as the page does."""

from __future__ import annotations

from typing import Any

import pytest

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, State
from access_portal.grants.models import Grant
from tests.access_portal.applications.scenes import CHECKED, make_application, make_open_family, make_staff
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ASK = {"asks": [{"text": "What will you measure, and how?"}]}
REFUSE = {"code": "other", "text": "For these reasons, all of them. " * 2, "what_to_change": "All."}
APPROVE = {"duration_months": 6, "token_quota": 1000, "variants": ["1m"], "reason": "Sound.", "checked": CHECKED}


@pytest.fixture
def ben() -> User:
    return make_staff("ben", Role.REVIEWER, Role.DECIDER)


@pytest.fixture
def case(ben: User) -> Application:
    return make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)


def heard(call: Any, case: Application) -> dict[str, Any]:
    """All that the applicant's program can know, but for the number that counts changes.

    By when the office should act is not shown within the minute, as on the page.
    """
    path = f"/applications/{case.number}"
    whole = call(case.applicant, "GET", path).json()
    rows = call(case.applicant, "GET", "/applications").json()["applications"]
    grants = call(case.applicant, "GET", "/grants").json()
    events = call(case.applicant, "GET", f"{path}/events").json()
    unheard = {"version": 0, "due_at": None}
    return {
        "whole": {**whole, **unheard, "allowed_commands": None},
        "list": [{**row, **unheard} for row in rows],
        "grants": grants,
        "events": events,
    }


@pytest.mark.parametrize(("command", "body"), [("request_info", ASK), ("refuse_fixable", REFUSE), ("approve", APPROVE)])
def test_nothing_is_heard_within_the_minute_nor_of_what_is_undone(
    command: str, body: dict[str, Any], call: Any, case: Application, ben: User
) -> None:
    before = heard(call, case)
    path = f"/applications/{case.number}/commands"
    done = call(ben, "POST", f"{path}/{command}", {"version": case.version, **body})
    assert done.status_code == 200, done.content
    assert heard(call, case) == before
    assert call(ben, "POST", f"{path}/undo", {"version": done.json()["version"]}).status_code == 200
    assert heard(call, case) == before


def test_a_grant_that_was_not_announced_is_none_to_its_holder(
    call: Any, client: Any, case: Application, ben: User
) -> None:
    call(ben, "POST", f"/applications/{case.number}/commands/approve", {"version": case.version, **APPROVE})
    grant = Grant.objects.get()
    client.force_login(case.applicant)
    assert client.get(f"/grants/{grant.number}/receipt/").status_code == 404
    body = {"version": grant.version, "statement": "All copies are deleted today."}
    answer = call(case.applicant, "POST", f"/grants/{grant.number}/commands/surrender", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "grant_not_found")
    Grant.objects.filter(pk=grant.pk).update(state="undone")
    assert client.get(f"/grants/{grant.number}/receipt/").status_code == 404
