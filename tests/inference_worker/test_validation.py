"""An input file becomes chunks and a reservation, or the list of its faults; run twice, the same."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from access_portal.grants.models import Grant
from inference_worker import completions, ledger, model_folder, results, validation
from inference_worker.models import Batch, Chunk, LedgerEntry
from release.models import Release
from release.storage import jobs_store
from tests import factories

from . import jobs, web

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant(tiny_release: Release) -> Grant:
    return web.holder_of(tiny_release)


def many(release: Release, count: int, **body: Any) -> bytes:
    lines = (web.request_line(release, f"a{number}") for number in range(count))
    return web.jsonl(*({**line, "body": {**line["body"], **body}} for line in lines))


def codes(batch: Batch) -> list[tuple[str, int | None]]:
    assert batch.errors is not None
    return [(fault["code"], fault["line"]) for fault in batch.errors]


def objects_of(batch: Batch) -> list[str]:
    keys = [f"chunks/{batch.pk}/{index}.jsonl" for index in range(4)] + [f"results/{batch.pk}/rejected.jsonl"]
    return [key for key in keys if jobs_store().exists(key)]


def test_a_good_file_is_cut_reserved_and_started(grant: Grant, tiny_release: Release) -> None:
    batch = web.validated(grant.holder, many(tiny_release, 3))
    chunk = batch.chunks.get()
    tokenizer, config = model_folder.tokenizer(tiny_release)
    expected = [
        completions.parse(line.body, tokenizer=tokenizer, context_tokens=config.context_tokens).worst_case_tokens
        for line in results.read_lines(chunk.lines_key)
    ]
    assert (batch.state, batch.total_lines, batch.release, batch.grant) == ("in_progress", 3, tiny_release, grant)
    assert (chunk.line_count, chunk.cost_tokens) == (3, sum(expected))
    assert ledger.reserved(batch) == sum(expected)


def test_chunks_are_cut_by_cost_and_keep_the_order(grant: Grant, tiny_release: Release, settings: Any) -> None:
    settings.CHUNK_COST_TOKENS = 50
    batch = web.validated(grant.holder, many(tiny_release, 10, max_tokens=20))
    chunks = list(batch.chunks.order_by("index"))
    assert len(chunks) > 1
    assert all(chunk.cost_tokens <= 50 for chunk in chunks)
    ids = [line.custom_id for chunk in chunks for line in results.read_lines(chunk.lines_key)]
    assert ids == [f"a{number}" for number in range(10)]


def test_a_line_that_costs_more_than_a_chunk_stands_alone(grant: Grant, tiny_release: Release, settings: Any) -> None:
    settings.CHUNK_COST_TOKENS = 1
    batch = web.validated(grant.holder, many(tiny_release, 2))
    assert list(batch.chunks.values_list("line_count", flat=True)) == [1, 1]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"\n\n" + data.rstrip(b"\n"),
    ],
    ids=["bom", "crlf", "blank lines and no newline at the end"],
)
def test_harmless_oddities_of_a_file_are_tolerated(grant: Grant, tiny_release: Release, wrap: Any) -> None:
    assert web.validated(grant.holder, wrap(many(tiny_release, 2))).state == "in_progress"


@pytest.mark.parametrize("data", [b"", b"\n\n  \r\n"], ids=["no bytes", "blank"])
def test_a_file_without_requests_fails(grant: Grant, data: bytes) -> None:
    batch = web.validated(grant.holder, data)
    assert (batch.state, codes(batch)) == ("failed", [("empty_file", None)])


def test_a_file_in_utf_16_fails_with_its_lines(grant: Grant, tiny_release: Release) -> None:
    batch = web.validated(grant.holder, many(tiny_release, 1).decode().encode("utf-16"))
    assert codes(batch)[0] == ("invalid_json_line", 1)


def test_all_faulty_lines_are_told_and_nothing_is_charged(grant: Grant, tiny_release: Release) -> None:
    good = web.request_line(tiny_release, "good")
    faulty = [{**good, "custom_id": "b", "method": "GET"}, {**good, "custom_id": "c", "url": "/v1/chat"}]
    data = web.jsonl(good) + b"not json\n\n" + web.jsonl(*faulty, good)
    batch = web.validated(grant.holder, data)
    assert codes(batch) == [
        ("invalid_json_line", 2),
        ("invalid_method", 4),
        ("url_mismatch", 5),
        ("duplicate_custom_id", 6),
    ]
    assert (batch.state, batch.total_lines, batch.failed_at is not None) == ("failed", 0, True)
    assert (LedgerEntry.objects.count(), Chunk.objects.count(), objects_of(batch)) == (0, 0, [])


def test_at_most_a_hundred_faults_are_told(grant: Grant) -> None:
    batch = web.validated(grant.holder, b"nothing\n" * 150)
    assert codes(batch) == [("invalid_json_line", number) for number in range(1, 101)]


def test_too_many_lines_and_lines_too_long_fail(grant: Grant, tiny_release: Release, settings: Any) -> None:
    settings.MAX_BATCH_LINES = 2
    assert codes(web.validated(grant.holder, many(tiny_release, 3))) == [("too_many_tasks", None)]
    settings.MAX_LINE_BYTES = 200
    assert codes(web.validated(grant.holder, many(tiny_release, 1, user="x" * 200))) == [("invalid_request", 1)]


def test_all_lines_name_one_model(grant: Grant, tiny_release: Release) -> None:
    other = {"model": "other", "prompt": "a"}
    lines = [web.request_line(tiny_release, "a"), web.request_line(tiny_release, "b", body=other)]
    assert codes(web.validated(grant.holder, web.jsonl(*lines))) == [("model_mismatch", 2)]
    assert codes(web.validated(grant.holder, web.jsonl(*reversed(lines)))) == [
        ("model_not_found", 1),
        ("model_mismatch", 2),
    ]


def test_a_model_that_the_owner_may_not_run_is_not_found(tiny_release: Release) -> None:
    other = factories.make_release(factories.make_variant(factories.make_family("other")))
    cy = web.holder_of(other, "cy").holder
    batch = web.validated(cy, many(tiny_release, 1))
    assert codes(batch) == [("model_not_found", 1)]
    assert "no licence" in batch.errors[0]["message"]


def test_a_batch_beyond_the_quota_fails_and_leaves_nothing(grant: Grant, tiny_release: Release) -> None:
    Grant.objects.update(token_quota=10)
    batch = web.validated(grant.holder, many(tiny_release, 3))
    assert (batch.state, codes(batch)) == ("failed", [("token_limit_exceeded", None)])
    assert (LedgerEntry.objects.count(), Chunk.objects.count(), objects_of(batch)) == (0, 0, [])
    assert (batch.release, batch.total_lines) == (None, 0)


def test_faulty_parameters_fail_only_their_line(grant: Grant, tiny_release: Release) -> None:
    body = web.request_line(tiny_release, "b")["body"]
    lines = [
        web.request_line(tiny_release, "a"),
        web.request_line(tiny_release, "b", body={**body, "temperature": 3}),
        web.request_line(tiny_release, "c", body={**body, "max_tokens": 10_000}),
    ]
    batch = web.validated(grant.holder, web.jsonl(*lines))
    rejected = [json.loads(line) for line in jobs_store().read(batch.rejected_key).splitlines()]
    assert (batch.state, batch.total_lines, batch.failed_lines) == ("in_progress", 3, 2)
    assert [(line["custom_id"], line["response"]["status_code"]) for line in rejected] == [("b", 400), ("c", 400)]
    assert [line["response"]["body"]["error"]["code"] for line in rejected] == [
        "invalid_value",
        "context_length_exceeded",
    ]


def test_a_batch_of_faulty_lines_only_is_completed_with_an_error_file(grant: Grant, tiny_release: Release) -> None:
    batch = web.validated(grant.holder, many(tiny_release, 2, n=99))
    assert (batch.state, batch.output_file, batch.total_lines) == ("completed", None, 2)
    assert (batch.completed_lines, batch.failed_lines) == (0, 2)
    assert jobs.custom_ids(jobs.errors(batch)) == ["a0", "a1"]
    assert LedgerEntry.objects.count() == 0


def test_validating_twice_is_validating_once(grant: Grant, tiny_release: Release) -> None:
    batch = web.validated(grant.holder, many(tiny_release, 3))
    before = (Chunk.objects.count(), ledger.reserved(batch), jobs_store().read(batch.chunks.get().lines_key))
    validation.validate_batch(batch.pk, timezone.now())
    Batch.objects.filter(pk=batch.pk).update(state="cancelling")
    validation.validate_batch(batch.pk, timezone.now())
    assert (Chunk.objects.count(), ledger.reserved(batch), jobs_store().read(batch.chunks.get().lines_key)) == before


def test_a_run_that_comes_second_changes_nothing_and_keeps_the_objects_in_use(
    grant: Grant, tiny_release: Release
) -> None:
    """Two passes read the same batch; the slower one finds it taken."""
    batch = web.submitted(grant.holder, many(tiny_release, 2))
    slow = validation._Pass(batch, timezone.now())
    slow.run()
    validation.validate_batch(batch.pk, timezone.now())
    assert not validation._accept(batch, slow, timezone.now())
    assert (Chunk.objects.count(), LedgerEntry.objects.count(), len(objects_of(batch))) == (1, 1, 1)


def test_a_batch_cancelled_meanwhile_leaves_no_objects(grant: Grant, tiny_release: Release) -> None:
    batch = web.submitted(grant.holder, many(tiny_release, 2))
    slow = validation._Pass(batch, timezone.now())
    slow.run()
    Batch.objects.update(state="cancelling")
    assert not validation._accept(batch, slow, timezone.now())
    assert (Chunk.objects.count(), LedgerEntry.objects.count(), objects_of(batch)) == (0, 0, [])


def test_a_batch_out_of_time_is_left_to_expire(grant: Grant, tiny_release: Release) -> None:
    batch = web.submitted(grant.holder, many(tiny_release, 1))
    validation.validate_batch(batch.pk, timezone.now() + timedelta(days=2))
    batch.refresh_from_db()
    assert batch.state == "validating"


def test_a_revoked_grant_fails_its_waiting_batch(grant: Grant, tiny_release: Release) -> None:
    Grant.objects.update(state="revoked", state_reason="the study ended")
    batch = web.validated(grant.holder, many(tiny_release, 1))
    assert (batch.state, codes(batch)) == ("failed", [("model_not_found", 1)])
    assert "the study ended" in batch.errors[0]["message"]
