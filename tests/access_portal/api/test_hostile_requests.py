"""What programs should not send, and tokens in the wrong hands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client, RequestFactory
from django.utils import timezone

from access_portal.accounts.models import Role, RoleAssignment, Scope, User
from access_portal.api.once import once
from access_portal.applications.models import State
from access_portal.grants.models import Grant, GrantMember, Stop
from tests.access_portal.applications.scenes import make_application, make_open_family, make_staff
from tests.factories import make_acceptance, make_grant, make_release, make_user, make_variant
from tests.races import at_once

pytestmark = pytest.mark.django_db
ROLES = (Role.REVIEWER, Role.DECIDER, Role.ADMIN, Role.OPERATOR, Role.AUDITOR)
READING, REVIEWING = ("read", "apply"), tuple(Scope)


@pytest.fixture
def lab() -> Grant:
    grant = make_grant(make_user("ada"), make_open_family(), kind="lab", lab_name="Lab")
    cy = make_user("cy")
    GrantMember.objects.create(
        grant=grant, email=cy.email, invited_by=grant.holder, invited_at=timezone.now(), user=cy,
        joined_at=timezone.now(), acceptance=make_acceptance(cy, grant.licence_version),
    )  # fmt: skip
    return grant


BODIES: dict[str, Any] = {
    "nul": {"version": 1, "reason": "a\0b"},
    "half a pair": b'{"version": 1, "reason": "\\ud800"}',
    "half a pair in a name": b'{"version": 1, "reason": "x", "\\udfff": 1}',
    "no json": b"{",
    "no number": b'{"version": NaN, "reason": "x"}',
    "huge number": {"version": 10**30, "reason": "x" * 20},
    "huge text": {"version": 1, "reason": "x" * 20_001},
    "megabytes": {"version": 1, "reason": "x" * 5_000_000},
    "deep": b"[" * 100_000,
    "a list": [],
    "no zone": {"version": 1, "reason": "x" * 20, "review_at": "2027-01-01T12:00:00"},
    "end of the calendar": {"version": 1, "reason": "x" * 20, "review_at": "9999-12-31T23:59:59-12:00"},
    "its beginning": {"version": 1, "reason": "x" * 20, "review_at": "0001-01-01T00:00:00+12:00"},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_none_is_refused_in_words(body: Any, call: Any, lab: Grant) -> None:
    answer = call(make_staff("dan", Role.DECIDER), "POST", f"/grants/{lab.number}/commands/suspend", body)
    assert answer.status_code in (400, 409, 413, 422), answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    lab.refresh_from_db()
    assert lab.state == "active"


@pytest.mark.parametrize("when", ["2027-01-01T12:00:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_without_a_zone_or_at_the_end_of_all_is_refused(when: str, call: Any) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=make_staff("ben", *ROLES))
    for name, body in (
        ("set_hold", {"ground": "We look something up.", "recheck_at": when}),
        ("request_info", {"asks": [{"text": "What will you measure?"}], "due_at": when}),
    ):
        path = f"/applications/{case.number}/commands/{name}"
        assert call(case.handler, "POST", path, {"version": case.version, **body}).status_code == 422, name


@pytest.mark.parametrize("key", ["x" * 256, "a\0b", "a\nb"], ids=["long", "nul", "two lines"])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(key: str, call: Any, lab: Grant) -> None:
    path = f"/grants/{lab.number}/commands/surrender"
    body = {"version": lab.version, "statement": "All copies are deleted today."}
    answer = call(lab.holder, "POST", path, body, **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_unusable")


def test_two_people_may_use_the_same_key_and_nobody_gets_the_others_answer(call: Any, lab: Grant) -> None:
    key = {"Idempotency-Key": "1"}
    first = call(lab.holder, "POST", "/applications", {"family": make_open_family("a").slug}, **key).json()
    second = call(make_user("eve"), "POST", "/applications", {"family": "a"}, **key).json()
    assert first["number"] != second["number"]


def operations(client: Client) -> list[tuple[str, str]]:
    paths = client.get("/portal/v1/openapi.json").json()["paths"]
    return [(method.upper(), path.removeprefix("/portal/v1")) for path, found in paths.items() for method in found]


def outcome(call: Any, person: User, method: str, path: str, scopes: tuple[str, ...]) -> int:
    body = {
        "version": 1, "reason": "x" * 20, "text": "x" * 20, "statement": "x" * 20, "name": "X", "email": "x@y.example",
        "member_id": 1, "outputs": "x" * 20, "changes": "x", "to": "ben", "family": "nowhere", "verdict": "approve",
        "answers": {}, "licence_version_id": 1, "shown_sha256": "0" * 64, "code": "other", "what_to_change": "x",
        "upheld": True, "ground": "x" * 20, "recheck_at": "2027-01-01T12:00:00Z", "duration_months": 1,
        "asks": [{"text": "x" * 20}],
    }  # fmt: skip
    status: int = call(person, method, path, body, scopes=scopes).status_code
    return status


@pytest.mark.parametrize("scopes", [READING, REVIEWING], ids=["own scopes", "all scopes"])
def test_without_a_second_factor_staff_get_no_more_than_anybody(
    scopes: tuple[str, ...], call: Any, client: Client, lab: Grant
) -> None:
    case = make_application(lab.holder, make_open_family("other"), State.IN_REVIEW)
    variant = make_release(lab.family.variants.first() or make_variant(lab.family)).variant
    model = {"family": lab.family.slug, "variant": variant.slug, "version": "v1"}
    staff, stranger = make_user("gus", *ROLES), make_user("eve")
    for method, path in operations(client):
        number = case.number if path.startswith("/applications") else lab.number
        query = "?model=toy-1m&person=ada" if path == "/access" else ""
        filled = path.format(number=number, name="inflow", **model) + query
        theirs, others = (outcome(call, person, method, filled, scopes) for person in (staff, stranger))
        assert theirs == others or (theirs == 403 and others in (403, 404)), (method, filled, theirs, others)


def test_a_token_for_ones_own_grants_does_nothing_for_the_office(call: Any, lab: Grant) -> None:
    dan, place = make_staff("dan", Role.DECIDER), lab.members.get()
    body = {"version": lab.version, "member_id": place.pk, "reason": "He left."}
    path = f"/grants/{lab.number}/commands/remove_member"
    refused = call(dan, "POST", path, body, scopes=("read", "apply"))
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert call(dan, "POST", path, body, scopes=("review",)).status_code == 200
    assert GrantMember.objects.get(pk=place.pk).removed_by == dan


def test_a_holder_removes_with_a_token_of_their_own(call: Any, lab: Grant) -> None:
    body = {"version": lab.version, "member_id": lab.members.get().pk}
    path = f"/grants/{lab.number}/commands/remove_member"
    assert call(lab.holder, "POST", path, body, scopes=("apply",)).status_code == 200


def _closed(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def _demoted(person: User) -> None:
    RoleAssignment.objects.filter(user=person).delete()


def _stopped(person: User) -> None:
    Stop.objects.create(scope="person", user=person, reason="A leak.", by=make_user("dora"), at=timezone.now())


def _without_second_factor(person: User) -> None:
    Authenticator.objects.filter(user=person).delete()


@pytest.mark.parametrize(
    ("change", "status"), [(_closed, 401), (_demoted, 404), (_stopped, 403), (_without_second_factor, 403)]
)
def test_a_token_loses_what_its_owner_lost(change: Any, status: int, call: Any, lab: Grant) -> None:
    dan = make_staff("dan", Role.DECIDER)
    assert call(dan, "GET", f"/grants/{lab.number}").status_code == 200
    change(dan)
    assert call(User.objects.get(pk=dan.pk), "GET", f"/grants/{lab.number}").status_code == status


def test_somebody_who_is_stopped_still_reads_what_is_theirs(call: Any, lab: Grant) -> None:
    _stopped(lab.holder)
    assert [row["number"] for row in call(lab.holder, "GET", "/grants").json()["grants"]] == [lab.number]
    assert call(lab.holder, "GET", f"/grants/{lab.number}/events").status_code == 200


def test_a_grant_past_its_end_is_over_before_the_clock_has_been(call: Any) -> None:
    past = timezone.now() - timedelta(seconds=1)
    grant = make_grant(make_user("ada"), make_open_family(), ends_at=past)
    assert call(grant.holder, "GET", f"/grants/{grant.number}").json()["state"] == "expired"


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_twice_at_the_same_moment_is_done_once(lab: Grant) -> None:
    """Some programs send again while the first request is still under way."""
    now = timezone.now()
    request = RequestFactory().post("/portal/v1/x", b"{}", "application/json", headers={"Idempotency-Key": "k"})
    request.body  # noqa: B018 - read once, so that both threads may
    done: list[int] = []

    def act() -> dict[str, Any]:
        Stop.objects.create(scope="house", reason="A leak.", by=lab.holder, at=now)
        done.append(1)
        return {"n": len(done)}

    answers: list[dict[str, Any]] = []
    assert at_once(*[lambda: answers.append(once(request, lab.holder, now, act))] * 2) == ["ok", "ok"]
    assert (answers, Stop.objects.count()) == ([{"n": 1}] * 2, 1)
