"""Files: kept to the byte, listed in pages that miss nothing, gone when deleted."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import User
from inference_worker.models import Batch, StoredFile
from release.models import Release
from release.storage import jobs_store

from . import web

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "s3_server")]

LIFE = "expires_after[seconds]"


@pytest.fixture
def ada(tiny_release: Release) -> User:
    return web.holder_of(tiny_release).holder


@pytest.fixture
def caller(ada: User) -> Client:
    return web.client(ada)


@pytest.mark.parametrize("data", [b"{}\n", b"\x00\xff\r\n" * 9, b"\xef\xbb\xbf{}", b"x" * 200_000], ids=len)
def test_bytes_come_back_exactly_as_they_were_sent(caller: Client, data: bytes) -> None:
    file = web.upload(caller, data).json()
    answer = caller.get(f"/v1/files/{file['id']}/content")
    assert b"".join(answer.streaming_content) == data  # type: ignore[attr-defined]
    assert answer["Content-Length"] == str(len(data)) == str(file["bytes"])
    assert (answer["X-Content-Type-Options"], answer["Content-Type"]) == ("nosniff", "application/octet-stream")
    assert StoredFile.objects.get().sha256 == hashlib.sha256(data).hexdigest()


def test_a_file_has_the_shape_of_the_api(caller: Client) -> None:
    file = web.upload(caller, b"{}\n", name="mine.jsonl").json()
    assert caller.get(f"/v1/files/{file['id']}").json() == file
    assert file == {
        "id": file["id"],
        "object": "file",
        "bytes": 3,
        "created_at": file["created_at"],
        "expires_at": file["created_at"] + 30 * 86_400,
        "filename": "mine.jsonl",
        "purpose": "batch",
        "status": "processed",
        "status_details": None,
    }


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"purpose": "fine-tune"}, "invalid_value", "purpose"),
        ({"purpose": ""}, "invalid_value", "purpose"),
        ({"data": b""}, "invalid_value", "file"),
        ({"expires_after[anchor]": "now", "expires_after[seconds]": "3600"}, "invalid_value", "expires_after[anchor]"),
        ({"expires_after[anchor]": "created_at"}, "invalid_type", LIFE),
        ({"expires_after[anchor]": "created_at", "expires_after[seconds]": "3599"}, "invalid_value", LIFE),
        ({"expires_after[anchor]": "created_at", "expires_after[seconds]": "1e9"}, "invalid_type", LIFE),
    ],
)  # fmt: skip
def test_a_faulty_upload_leaves_nothing(caller: Client, fields: dict[str, Any], code: str, param: str) -> None:
    response = web.upload(caller, **{"data": b"{}\n", **fields})
    assert web.error(response) == (400, code)
    assert response.json()["error"]["param"] == param
    assert not StoredFile.objects.exists()


def test_an_upload_without_a_file_or_a_form_is_refused(caller: Client) -> None:
    assert web.error(caller.post("/v1/files", {"purpose": "batch"})) == (400, "missing_required_parameter")
    assert web.error(caller.post("/v1/files", {"file": "text"})) == (400, "missing_required_parameter")
    assert web.error(caller.post("/v1/files", b"{}", web.JSON)) == (400, "invalid_request")
    broken = caller.post("/v1/files", b"x", "multipart/form-data")
    assert broken.status_code == 400


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(caller: Client, settings: Any) -> None:
    settings.MAX_FILE_BYTES = 1_000
    assert web.upload(caller, b"x" * 1_000).status_code == 200
    for size in (1_001, 100_000):  # the second is refused by its Content-Length, unread
        assert web.error(web.upload(caller, b"x" * size)) == (413, "file_too_large")
    assert StoredFile.objects.count() == 1


def test_a_life_can_be_chosen(caller: Client) -> None:
    life = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}
    file = web.upload(caller, b"{}\n", **life).json()
    assert file["expires_at"] == file["created_at"] + 3600
    StoredFile.objects.update(expires_at=timezone.now())
    assert web.error(caller.get(f"/v1/files/{file['id']}")) == (404, "file_not_found")
    assert caller.get("/v1/files").json()["data"] == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\in.jsonl", "in.jsonl"),
        ("a\tb\u202e.jsonl", "ab.jsonl"),
        ("é.jsonl", "é.jsonl"),
    ],
)
def test_a_file_name_is_data(caller: Client, name: str, shown: str) -> None:
    file = web.upload(caller, b"{}\n", name=name).json()
    assert file["filename"] == shown
    assert "attachment" in caller.get(f"/v1/files/{file['id']}/content")["Content-Disposition"]


def test_a_deleted_file_is_gone_with_its_bytes(caller: Client, django_capture_on_commit_callbacks: Any) -> None:
    file = web.upload(caller, b"{}\n").json()
    key = StoredFile.objects.get().storage_key
    with django_capture_on_commit_callbacks(execute=True):
        answer = caller.delete(f"/v1/files/{file['id']}")
    assert answer.json() == {"id": file["id"], "object": "file", "deleted": True}
    assert not jobs_store().exists(key)
    for response in (caller.get(f"/v1/files/{file['id']}"), caller.delete(f"/v1/files/{file['id']}")):
        assert web.error(response) == (404, "file_not_found")


@pytest.mark.parametrize(
    ("state", "status"),
    [("validating", 409), ("in_progress", 409), ("finalizing", 409), ("cancelling", 409)]
    + [(state, 200) for state in ("completed", "failed", "cancelled", "expired")],
)
def test_the_input_of_a_batch_is_kept_until_it_ends(ada: User, caller: Client, state: str, status: int) -> None:
    batch = web.submitted(ada, b"{}\n")
    Batch.objects.update(state=state)
    response = caller.delete(f"/v1/files/{batch.input_file_id}")
    assert response.status_code == status
    if status == 409:
        assert web.error(response) == (409, "file_in_use")
        assert response["x-should-retry"] == "false"


def test_pages_miss_nothing_and_repeat_nothing(ada: User, caller: Client) -> None:
    now = timezone.now()
    files = [web.stored(ada, b"x", created_at=now - timedelta(seconds=number // 3)) for number in range(7)]
    expected = [f.pk for f in sorted(files, key=lambda f: (f.created_at, f.pk), reverse=True)]
    for order, wanted in (("desc", expected), ("asc", expected[::-1])):
        seen, after, more = [], "", True
        while more:
            page = caller.get(f"/v1/files?limit=2&order={order}{after}").json()
            seen += [file["id"] for file in page["data"]]
            assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])
            more, after = page["has_more"], f"&after={page['last_id']}"
        assert seen == wanted


def test_a_last_page_that_is_full_says_that_it_is_the_last(ada: User, caller: Client) -> None:
    for _ in range(4):
        web.stored(ada, b"x")
    first = caller.get("/v1/files?limit=2").json()
    last = caller.get(f"/v1/files?limit=2&after={first['last_id']}").json()
    assert (len(first["data"]), first["has_more"], len(last["data"]), last["has_more"]) == (2, True, 2, False)


def test_a_page_can_follow_a_deleted_file(ada: User, caller: Client) -> None:
    for _ in range(5):
        web.stored(ada, b"x")
    after, seen = "", set()
    while page := caller.get(f"/v1/files?limit=2{after}").json()["data"]:
        for file in page:
            assert caller.delete(f"/v1/files/{file['id']}").status_code == 200
            seen.add(file["id"])
        after = f"&after={page[-1]['id']}"
    assert len(seen) == 5


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("after=file-missing", "after"),
        ("after=%00", "after"),
        ("after=", "after"),
        ("limit=0", "limit"),
        ("limit=10001", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.0", "limit"),
        ("limit=%D9%A1", "limit"),
        ("order=up", "order"),
    ],
)
def test_a_faulty_query_is_refused_by_name(caller: Client, query: str, param: str) -> None:
    response = caller.get(f"/v1/files?{query}")
    assert web.error(response) == (400, "invalid_value")
    assert response.json()["error"]["param"] == param


def test_after_another_persons_file_is_refused(ada: User, caller: Client, tiny_release: Release) -> None:
    other = web.holder_of(tiny_release, "cy").holder
    assert web.error(caller.get(f"/v1/files?after={web.stored(other, b'x').pk}")) == (400, "invalid_value")


def test_files_can_be_listed_by_purpose(ada: User, caller: Client) -> None:
    web.stored(ada, b"x")
    result = web.stored(ada, b"x", purpose="batch_output")
    web.stored(ada, b"x", listed=False)
    assert len(caller.get("/v1/files?unknown=1").json()["data"]) == 2
    assert [file["id"] for file in caller.get("/v1/files?purpose=batch_output").json()["data"]] == [result.pk]
    assert caller.get("/v1/files?purpose=%00").json() == {
        "object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False,
    }  # fmt: skip
