"""What holds for every endpoint: who may call, in which order things are checked, one error shape, an id, headers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import ApiToken, User
from access_portal.grants.models import Grant
from inference_worker.models import Batch
from release.models import Release
from tests import factories

from . import web

YESTERDAY = timezone.now() - timedelta(days=1)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "s3_server")]

ROUTES = [
    ("GET", "/v1/models"),
    ("GET", "/v1/models/toy-1m"),
    ("GET", "/v1/files"),
    ("POST", "/v1/files"),
    ("GET", "/v1/files/file-x"),
    ("DELETE", "/v1/files/file-x"),
    ("GET", "/v1/files/file-x/content"),
    ("GET", "/v1/batches"),
    ("POST", "/v1/batches"),
    ("GET", "/v1/batches/batch_x"),
    ("POST", "/v1/batches/batch_x/cancel"),
    ("POST", "/v1/completions"),
    ("GET", "/v1/nothing"),
    ("GET", "/v1/"),
]


@pytest.fixture
def ada(tiny_release: Release) -> User:
    return web.holder_of(tiny_release).holder


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer gh_\xe9"])
def test_without_a_token_every_route_says_401(client: Client, method: str, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = client.generic(method, path, b"not json", headers=headers)
    assert web.error(response) == (401, "invalid_api_key")
    assert re.fullmatch(r"req_[A-Za-z0-9_-]{1,60}", response["x-request-id"])


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_grant_every_route_says_403_and_why(method: str, path: str) -> None:
    response = web.client(factories.make_user("cy")).generic(method, path, b"not json")
    assert web.error(response) == (403, "access_not_approved")
    message = response.json()["error"]["message"]
    assert "You have no licence for any model." in message
    assert "http://testserver/models/" in message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "revoked", "state_reason": "for misuse"}, "was revoked: for misuse"),
        ({"state": "suspended", "state_reason": "a question"}, "is suspended: a question"),
        ({"starts_at": YESTERDAY, "ends_at": YESTERDAY + timedelta(hours=1)}, "ended on"),
        ({"starts_at": timezone.now() + timedelta(hours=1)}, "begins on"),
        ({"may_infer": False}, "not running it here"),
    ],
    ids=["revoked", "suspended", "expired", "not begun", "downloads only"],
)
def test_a_grant_that_gives_nothing_says_so(tiny_release: Release, change: dict[str, Any], words: str) -> None:
    caller = web.client(web.holder_of(tiny_release, "eve", **change).holder)
    response = caller.get("/v1/models")
    assert web.error(response) == (403, "access_not_approved")
    assert words in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "change",
    [{"revoked_at": timezone.now()}, {"expires_at": timezone.now()}, {"scopes": ["read", "download"]}],
    ids=["revoked", "expired", "another scope"],
)
def test_a_token_that_may_not_run_jobs_is_no_token(ada: User, change: dict[str, Any]) -> None:
    caller = web.client(ada)
    assert caller.get("/v1/models").status_code == 200
    ApiToken.objects.update(**change)
    assert web.error(caller.get("/v1/models")) == (401, "invalid_api_key")


def test_a_session_is_no_token(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert web.error(client.get("/v1/models")) == (401, "invalid_api_key")


def test_csrf_checks_are_off(ada: User, tiny_release: Release) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {web.token(ada)}"})
    assert web.upload(strict, b"{}\n").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/models", "GET"),
        ("DELETE", "/v1/batches", "GET, POST"),
        ("GET", "/v1/completions", "POST"),
        ("GET", "/v1/batches/batch_x/cancel", "POST"),
    ],
)
def test_a_wrong_method_is_a_405_that_names_the_right_ones(ada: User, method: str, path: str, allowed: str) -> None:
    response = web.client(ada).generic(method, path)
    assert web.error(response) == (405, "method_not_allowed")
    assert response["Allow"] == allowed


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v1/", "/v1/models/", "/v1/files/", "/v1/batches/", "/v1/chat/completions"]
)
def test_unknown_routes_and_slashes_are_a_json_404(ada: User, path: str) -> None:
    for method in ("GET", "POST"):
        assert web.error(web.client(ada).generic(method, path)) == (404, "route_not_found")


@pytest.mark.parametrize("path", ["/v1/batches", "/v1/completions"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b'{"a": NaN}', 400, "invalid_json"),
        (b'{"model": "a", "model": "a"}', 400, "invalid_json"),
        (b"[" * 50_000, 400, "invalid_json"),
        (b"[]", 400, "invalid_type"),
        (b"null", 400, "invalid_type"),
        (b'{"a": "' + b"x" * 3_000_000 + b'"}', 413, "request_too_large"),
    ],
    ids=["empty", "cut off", "utf-16", "NaN", "double key", "deep", "list", "null", "huge"],
)
def test_a_body_that_is_not_an_object_is_refused(ada: User, path: str, body: bytes, status: int, code: str) -> None:
    assert web.error(web.client(ada).post(path, body, web.JSON)) == (status, code)


@pytest.mark.parametrize("accept", ["application/json", "application/binary", "text/html", "image/png", "nonsense"])
def test_no_accept_header_is_refused(ada: User, accept: str) -> None:
    response = web.client(ada).get("/v1/models", headers={"Accept": accept, "x-stainless-lang": "python"})
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


def test_what_is_left_is_told_on_every_response(ada: User, tiny_release: Release) -> None:
    web.validated(ada, web.jsonl(web.request_line(tiny_release, "a")))
    reserved = Grant.objects.get().quota_account.reserved_tokens
    for response in (web.client(ada).get("/v1/batches"), web.client(ada).get("/v1/nothing")):
        assert response["x-ratelimit-limit-tokens"] == "100000"
        assert response["x-ratelimit-remaining-tokens"] == str(100_000 - reserved)
        assert re.fullmatch(r"(\d+h)?(\d+m)?\d+s", response["x-ratelimit-reset-tokens"])
        assert int(response["x-ratelimit-remaining-requests"]) < int(response["x-ratelimit-limit-requests"])


def test_too_many_requests_in_a_minute_are_told_when_to_come_back(ada: User, settings: Any) -> None:
    settings.REQUESTS_PER_MINUTE = 0
    response = web.client(ada).get("/v1/models")
    assert web.error(response) == (429, "rate_limit_exceeded")
    assert 1 <= int(response["Retry-After"]) <= 60
    assert response["x-ratelimit-remaining-requests"] == "0"


def test_our_own_failure_is_a_json_500_that_tells_nothing(ada: User, settings: Any, caplog: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = "not a number"
    response = web.client(ada).post("/v1/batches", b'{"secret": 1}', web.JSON)
    assert web.error(response) == (500, "internal_error")
    assert response["x-request-id"] in response.json()["error"]["message"]
    assert "not supported" not in response.content.decode()


def test_a_store_that_is_away_is_a_503_to_try_again(ada: User, settings: Any) -> None:
    file = web.stored(ada, b"{}\n")
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    response = web.client(ada).get(f"/v1/files/{file.pk}/content")
    assert web.error(response) == (503, "store_unavailable")
    assert response["Retry-After"] == "5"


def test_another_persons_objects_look_like_missing_ones(ada: User, tiny_release: Release) -> None:
    batch = web.validated(ada, web.jsonl(web.request_line(tiny_release, "a")))
    cy = web.client(factories.make_grant(factories.make_user("cy"), tiny_release.variant.family).holder)
    for theirs, missing in [
        (f"/v1/files/{batch.input_file_id}", "/v1/files/file-missing"),
        (f"/v1/files/{batch.input_file_id}/content", "/v1/files/file-missing/content"),
        (f"/v1/batches/{batch.pk}", "/v1/batches/batch_missing"),
    ]:
        answers = [cy.get(path) for path in (theirs, missing)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    assert cy.delete(f"/v1/files/{batch.input_file_id}").status_code == 404
    assert cy.post(f"/v1/batches/{batch.pk}/cancel").status_code == 404
    assert web.error(cy.post("/v1/batches", web.order(batch.input_file_id), web.JSON)) == (404, "file_not_found")
    assert Batch.objects.get().state == "in_progress"


@pytest.mark.parametrize("name", ["a%00b", "..%2F..%2Fetc", "%ED%A0%80", "x" * 300, "file-%20", "é"])
def test_hostile_ids_are_just_not_found(ada: User, name: str) -> None:
    for path in (f"/v1/files/{name}", f"/v1/batches/{name}", f"/v1/models/{name}"):
        assert web.client(ada).get(path).status_code == 404
