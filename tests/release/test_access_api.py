"""The endpoint that says why somebody can, or cannot, use a model."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Role, Scope, User
from access_portal.accounts.tokens import issue_token
from access_portal.grants.policy import Action, Granted, decide
from release.queries import policy_model
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_grant, make_release, make_user

pytestmark = pytest.mark.django_db
SCOPES = (Scope.READ, Scope.REVIEW)


def ask(client: Client, user: User, **query: str) -> Any:
    _token, secret = issue_token(actor=user, name="t", scopes=SCOPES, days=1, now=timezone.now())
    return client.get("/portal/v1/access", query, headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.parametrize("granted", [True, False])
def test_the_chain_ends_as_the_door_decides(client: Client, granted: bool) -> None:
    release, ada = make_release(), make_user("ada")
    if granted:
        make_grant(ada, release.variant.family, whole_family=True)
    told = ask(client, ada, model="toy-1m", action="download").json()
    decided = decide(ada, Action.DOWNLOAD, policy_model(release), timezone.now())
    assert (told["granted"], isinstance(decided, Granted)) == (granted, granted)
    if not isinstance(decided, Granted):
        assert next(fact for fact in told["facts"] if not fact["holds"])["code"] == decided.code == "not_applied"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"model": "no-such"}, 404, "model_not_found"),
        ({"model": "a\0b"}, 404, "model_not_found"),
        ({"model": "toy-1m", "action": "review"}, 400, "unknown_action"),
        ({}, 422, "unusable_body"),
        ({"model": "toy-1m", "person": "ada"}, 403, "role_missing"),
    ],
)
def test_a_bad_question_is_told_what_is_wrong(client: Client, query: dict[str, str], status: int, code: str) -> None:
    make_release()
    answer = ask(client, make_user("ada"), **query)
    assert (answer.status_code, answer.json()["code"]) in {(status, code), (403, "second_factor_missing")}


def test_staff_may_ask_about_a_person(client: Client) -> None:
    make_release()
    make_user("ada")
    told = ask(client, make_staff("ben", Role.REVIEWER), model="toy-1m", person="ada@uni.example").json()
    assert told["granted"] is False
