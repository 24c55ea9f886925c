"""Applications over the API: the same commands, for the same people, with the same refusals."""

from __future__ import annotations

from typing import Any

import pytest

from access_portal.accounts.models import Role, Scope, User
from access_portal.api.applications import COMMANDS
from access_portal.api.models import AnsweredRequest
from access_portal.applications.models import Application, Message, State
from access_portal.applications.workflow import Command
from access_portal.grants.models import Grant
from release.models import Family
from tests.access_portal.applications.scenes import (
    ANSWERS,
    CHECKED,
    current_licence,
    make_application,
    make_open_family,
    make_staff,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def toy() -> Family:
    return make_open_family()


def test_every_command_of_a_person_has_an_address() -> None:
    """CREATE and REAPPLY are POST /applications; EXPIRE is the clock's alone."""
    assert {str(command) for command in Command} - set(COMMANDS) == {"create", "reapply", "expire"}


def test_an_application_from_draft_to_grant_over_the_api(call: Any, ada: User, toy: Family) -> None:
    ben = make_staff("ben", Role.REVIEWER, Role.DECIDER)
    case = call(ada, "POST", "/applications", {"family": "toy"}).json()
    assert (case["state"], "submit" in case["allowed_commands"]) == ("draft", True)

    def give(who: User, name: str, **body: Any) -> dict[str, Any]:
        answer = call(who, "POST", f"/applications/{case['number']}/commands/{name}", body)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    saved = give(ada, "save", version=case["version"], answers=ANSWERS)
    sent = give(ada, "submit", version=saved["version"], **current_licence(toy))
    assert (sent["state"], "applicant" in sent) == ("submitted", False)
    taken = give(ben, "claim", version=sent["version"])
    assert (taken["claimed_by"], taken["applicant"]["username"]) == ("ben", "ada")
    terms = {"duration_months": 6, "token_quota": 1000, "variants": ["1m"], "reason": "Sound.", "checked": CHECKED,
             "bytes_per_day": 5}  # fmt: skip
    done = give(ben, "approve", version=taken["version"], **terms)
    assert (done["state"], done["decision"]["grant"]) == ("approved", Grant.objects.get().number)
    assert Grant.objects.get().bytes_per_day == 5


def test_the_applicant_does_not_hear_what_can_still_be_undone(call: Any, ada: User, toy: Family) -> None:
    ben = make_staff("ben", Role.REVIEWER, Role.DECIDER)
    case = make_application(ada, toy, State.RECOMMENDED)
    body = {
        "version": case.version,
        "code": "other",
        "text": "For these reasons, all of them. " * 2,
        "what_to_change": "All.",
    }
    call(ben, "POST", f"/applications/{case.number}/commands/refuse_fixable", body)
    assert call(ada, "GET", f"/applications/{case.number}").json()["decision"] is None
    assert call(ben, "GET", f"/applications/{case.number}").json()["decision"]["verdict"] == "refuse_fixable"


@pytest.mark.parametrize(
    ("who", "scopes", "path", "status", "code"),
    [
        (None, (), "/me", 401, "not_signed_in"),
        ("cy", ("read",), "/applications/{number}", 404, "application_not_found"),
        ("cy", ("read", "review"), "/applications/{number}", 403, "second_factor_missing"),
        ("ben", ("read",), "/applications/{number}", 404, "application_not_found"),
        ("ben", ("read", "review"), "/applications/{number}", 200, ""),
        ("nia", ("read", "review"), "/applications/{number}", 403, "second_factor_missing"),
        ("ada", ("jobs",), "/applications/{number}", 403, "scope_missing"),
        ("ada", ("read",), "/applications/{number}", 200, ""),
        ("ada", ("read",), "/applications/GH-1", 404, "application_not_found"),
        ("ada", ("read",), "/nothing", 404, "not_found"),
    ],
)
def test_who_may_read(
    call: Any, ada: User, toy: Family, who: str | None, scopes: tuple[str, ...], path: str, status: int, code: str
) -> None:
    case = make_application(ada, toy)
    people = {"ada": ada, "cy": make_user("cy"), "ben": make_staff("ben", Role.REVIEWER),
              "nia": make_user("nia", Role.REVIEWER)}  # fmt: skip
    answer = call(people[who] if who else None, "GET", path.format(number=case.number), scopes=scopes or tuple(Scope))
    assert answer.status_code == status
    if code:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == code


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("claim", {}, 422, "unusable_body"),
        ("claim", {"version": "x"}, 422, "unusable_body"),
        ("claim", {"version": 99}, 409, "stale_version"),
        ("release", {"version": 1}, 409, "wrong_state"),
        ("note", {"text": "x" * 20_001}, 422, "unusable_body"),
        ("note", {"text": "x" * 5_000}, 400, "text_too_long"),
        ("claim", b"\xff\x00", 400, "unreadable_body"),
        ("made_up", {}, 404, "not_found"),
    ],
)
def test_a_bad_command_is_told_what_is_wrong(
    call: Any, ada: User, toy: Family, name: str, body: Any, status: int, code: str
) -> None:
    case = make_application(ada, toy)
    ben = make_staff("ben", Role.REVIEWER)
    answer = call(ben, "POST", f"/applications/{case.number}/commands/{name}", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Application.objects.get(pk=case.pk).version == case.version


def test_the_same_request_sent_twice_is_done_once(call: Any, ada: User, toy: Family) -> None:
    case = make_application(ada, toy)
    path, key = f"/applications/{case.number}/commands/message", {"Idempotency-Key": "k1"}
    first = call(ada, "POST", path, {"text": "When, please?"}, **key)
    again = call(ada, "POST", path, {"text": "When, please?"}, **key)
    assert (first.json(), Message.objects.count()) == (again.json(), 1)
    other = call(ada, "POST", path, {"text": "Another"}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


def test_a_refusal_is_not_kept_under_the_key(call: Any, ada: User, toy: Family) -> None:
    case = make_application(ada, toy)
    path, key = f"/applications/{case.number}/commands/message", {"Idempotency-Key": "k1"}
    assert call(ada, "POST", path, {"text": " "}, **key).status_code == 400
    assert not AnsweredRequest.objects.exists()
    assert call(ada, "POST", path, {"text": "When?"}, **key).status_code == 200
    assert AnsweredRequest.objects.get().answer["number"] == case.number
