"""Sign-in by device as a program sees it: RFC 8628's words, and nothing for whoever sends what it does not know."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
import redis
from django.test import Client
from django.utils import timezone

from access_portal.accounts.devices import commands
from access_portal.accounts.devices.limits import NEW_CODES
from access_portal.accounts.devices.models import DeviceRequest
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ASK = {"client_name": "gatehouse", "scopes": ["read", "download"]}


@pytest.fixture(autouse=True)
def _counts(redis_server: redis.Redis) -> None:
    redis_server.flushall()


def send(client: Client, name: str, body: Any) -> Any:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.generic("POST", f"/portal/v1/device/{name}", sent, "application/json")


def test_a_program_signs_in_and_uses_its_token(client: Client) -> None:
    ada = make_user("ada")
    codes = send(client, "codes", ASK).json()
    assert (codes["expires_in"], codes["interval"]) == (900, 5)
    assert codes["verification_uri_complete"] == f"{codes['verification_uri']}?code={codes['user_code']}"
    waiting = send(client, "tokens", {"device_code": codes["device_code"]})
    assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")
    terms: dict[str, Any] = {"scopes": ["read"], "name": "laptop", "days": 9, "address": None}
    commands.allow(actor=ada, code=codes["user_code"], now=timezone.now(), **terms)
    given = send(client, "tokens", {"device_code": codes["device_code"]})
    assert (given.status_code, given["Cache-Control"]) == (200, "no-store")
    token = given.json()
    assert (token["token_type"], token["scopes"]) == ("bearer", ["read"])
    assert datetime.fromisoformat(token["expires_at"]) > timezone.now()
    me = client.get("/portal/v1/me", headers={"Authorization": f"Bearer {token['access_token']}"}).json()
    assert (me["username"], me["token"]["name"]) == ("ada", "laptop")


def test_the_answers_of_the_rfc(client: Client) -> None:
    codes = send(client, "codes", ASK).json()
    poll = {"device_code": codes["device_code"]}
    assert [send(client, "tokens", poll).json()["error"] for _ in range(2)] == ["authorization_pending", "slow_down"]
    commands.refuse(actor=make_user("ada"), code=codes["user_code"], address=None, now=timezone.now())
    assert send(client, "tokens", poll).json()["error"] == "access_denied"
    assert send(client, "tokens", {"device_code": "gd_unknown"}).json()["error"] == "invalid_grant"
    later = send(client, "codes", ASK).json()
    DeviceRequest.objects.update(expires_at=timezone.now())
    assert send(client, "tokens", {"device_code": later["device_code"]}).json()["error"] == "expired_token"


BODIES: list[tuple[Any, int]] = [
    (b"", 422), (b"{", 400), (b"\xff\xfe", 400), (b"null", 422), ([], 422), ({}, 422), ("x", 422), (7, 422),
    ({"client_name": "\0", "scopes": ["read"]}, 400), ({"client_name": "x", "scopes": "read"}, 422),
    ({"client_name": ["x"], "scopes": ["read"]}, 422), ({"client_name": "x" * 201, "scopes": ["read"]}, 422),
    ({"client_name": "x", "scopes": ["read"] * 21}, 422), ({"client_name": "x", "scopes": ["y" * 21]}, 422),
    ({"client_name": "x", "scopes": [{}]}, 422), ({"client_name": "x", "scopes": []}, 400),
    ({"client_name": "x", "scopes": ["root"]}, 400), ({"client_name": " ", "scopes": ["read"]}, 400),
    (b"[" * 100_000, 400), (b'{"client_name": "' + b"x" * 3_000_000 + b'"}', 413),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status"), BODIES, ids=lambda value: str(value)[:40])
def test_a_hostile_request_gets_a_problem_and_no_codes(body: Any, status: int, client: Client) -> None:
    answer = send(client, "codes", body)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert not DeviceRequest.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", {}, [], {"device_code": 7}, {"device_code": "x" * 101}], ids=str)
def test_a_hostile_question_gets_no_token(body: Any, client: Client) -> None:
    assert send(client, "tokens", body).status_code in (400, 422)


def test_too_many_codes_are_refused(client: Client) -> None:
    statuses = [send(client, "codes", ASK).status_code for _ in range(NEW_CODES.most + 1)]
    assert statuses == [200] * NEW_CODES.most + [429]
