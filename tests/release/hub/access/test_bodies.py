"""What is sent to owners' addresses, as badly as it can be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from access_portal.applications.models import Application, State
from tests.access_portal.applications.scenes import make_application
from tests.release.hub.access.situations import CALLS, Scene, make_scene, post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]
BODIES: list[Any] = [
    b"", b"{", b"\xff\xfe", b"null", b"[" * 50_000,
    b'{"user": "' + b"x" * 3_000_000 + b'"}', b"user=ada&status=accepted",
    [], "ada", 7, {}, [{"user": "ada", "status": "accepted"}], {"user": "ada"}, {"status": "accepted"},
    {"user": "", "status": "accepted"}, {"user": None, "status": "accepted"}, {"user": 7, "status": "accepted"},
    {"user": ["ada"], "status": "accepted"}, {"user": {"user": "ada"}, "status": "accepted"},
    {"user": "x" * 101, "status": "accepted"}, {"user": "ada\0", "status": "accepted"},
    {"user": "\ud800", "status": "accepted"}, {"requestId": 7, "status": "accepted"},
    {"user": "ada", "status": "Accepted"}, {"user": "ada", "status": "granted"}, {"user": "ada", "status": None},
    {"user": "ada", "status": ["accepted"]}, {"user": "ada", "status": "rejected", "rejectionReason": "x" * 201},
    {"user": "ada", "status": "rejected", "rejectionReason": ["x"]},
    {"user": "ada", "status": "accepted", "rejectionReason": "x"},
    {"user": "ada", "status": "accepted", "padding": "x" * 20_000},
]  # fmt: skip


@pytest.fixture
def scene() -> Scene:
    found = make_scene()
    make_application(found.ada, found.family, State.RECOMMENDED)
    return found


def send(scene: Scene, call: str, body: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {scene.secret}"})
    return client.generic("POST", f"{CALLS}/{call}", raw, "application/json")


@pytest.mark.parametrize("body", BODIES, ids=lambda body: str(body)[:40])
def test_a_hostile_body_is_malformed_and_moves_nothing(body: Any, scene: Scene) -> None:
    answer = send(scene, "handle", body)
    assert (answer.status_code, "X-Error-Code" in answer) == (400, False)
    assert answer.json()["error"] == answer["X-Error-Message"]
    assert Application.objects.get().state == State.RECOMMENDED


@pytest.mark.parametrize("body", [b"", b"{", [], {}, {"user": 7}, {"user": ""}, {"user": "a" * 101}], ids=str)
def test_granting_takes_a_name(body: Any, scene: Scene) -> None:
    assert send(scene, "grant", body).status_code == 400


@pytest.mark.parametrize(
    "name", ["nobody", "Ada", "ada@uni.example", "<b>ada</b>", "ada' OR 1=1 --", "../ada", "\u202e"]
)
def test_a_name_that_nobody_has_is_not_found(name: str, scene: Scene) -> None:
    assert post(scene.secret, "handle", {"user": name, "status": "accepted"}).status_code == 404
    assert post(scene.secret, "grant", {"user": name}).status_code == 404


def test_what_nobody_here_knows_is_passed_over(scene: Scene) -> None:
    body = {"user": "ada", "status": "accepted", "requestId": None, "rejectionReason": None, "new": {"x": 1}}
    assert post(scene.secret, "handle", body).status_code == 200


@pytest.mark.parametrize("call", ["handle", "grant"])
def test_owners_calls_take_no_get(call: str, scene: Scene) -> None:
    client = Client(headers={"Authorization": f"Bearer {scene.secret}"})
    assert client.get(f"{CALLS}/{call}").status_code == 405
