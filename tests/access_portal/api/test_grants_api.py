"""Grants over the API, and the document that describes it all."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Role, Scope
from access_portal.api.grants import COMMANDS
from access_portal.api.models import AnsweredRequest
from access_portal.api.once import KEPT, forget_due
from access_portal.grants.models import Grant
from tests.access_portal.applications.scenes import make_open_family, make_staff
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant() -> Grant:
    return make_grant(make_user("ada"), make_open_family())


def test_ones_own_grants_are_listed_with_what_can_be_done(call: Any, grant: Grant) -> None:
    make_grant(make_user("cy"), make_open_family("other"))
    found = call(grant.holder, "GET", "/grants").json()["grants"]
    assert [row["number"] for row in found] == [grant.number]
    assert "surrender" in found[0]["allowed_commands"]


def test_somebody_elses_grant_looks_like_none(call: Any, grant: Grant) -> None:
    answer = call(make_user("cy"), "GET", f"/grants/{grant.number}")
    assert (answer.status_code, answer.json()["code"]) == (404, "grant_not_found")


def test_two_people_revoke_a_grant(call: Any, grant: Grant) -> None:
    dan, dora = make_staff("dan", Role.DECIDER), make_staff("dora", Role.DECIDER)
    path = f"/grants/{grant.number}/commands"
    asked = call(
        dan, "POST", f"{path}/propose_revocation", {"version": grant.version, "reason": "Weights were shared."}
    )
    assert asked.status_code == 200, asked.content
    own = call(dan, "POST", f"{path}/ratify_revocation", {"version": asked.json()["version"]})
    assert own.status_code in (403, 409)
    done = call(dora, "POST", f"{path}/ratify_revocation", {"version": asked.json()["version"]})
    assert done.json()["state"] == "revoked"
    names = [row["name"] for row in call(dan, "GET", f"/grants/{grant.number}/events").json()["events"]]
    assert names[-1] == "grant_revoked"


def test_a_token_of_an_applicant_gives_no_staff_commands(call: Any, grant: Grant) -> None:
    for name, (_shape, scope, _give) in COMMANDS.items():
        if scope == Scope.REVIEW:
            body = {"version": 1, "reason": "x", "text": "x"}
            answer = call(
                grant.holder, "POST", f"/grants/{grant.number}/commands/{name}", body, scopes=("read", "apply")
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_the_document_describes_every_command(client: Client) -> None:
    document = client.get("/portal/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for name in COMMANDS:
        operation = document["paths"][f"/portal/v1/grants/{{number}}/commands/{name}"]["post"]
        assert operation["requestBody"]["required"]


def test_answers_are_forgotten_after_a_day(call: Any, grant: Grant) -> None:
    path = f"/grants/{grant.number}/commands/surrender"
    body = {"version": grant.version, "statement": "All copies of the weights are deleted."}
    assert call(grant.holder, "POST", path, body, **{"Idempotency-Key": "k"}).status_code == 200
    kept = AnsweredRequest.objects.get()
    assert (forget_due(kept.at + KEPT), forget_due(timezone.now() + KEPT + KEPT)) == (0, 1)
