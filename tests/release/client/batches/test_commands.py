"""The batch commands against the portal's own inference API: what is sent, and what is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from access_portal.accounts.models import User
from inference_worker.models import Batch, IdempotencyKey, StoredFile
from release.client import batches
from release.client.cli.exits import Exit
from release.client.session import Portal
from release.models import Release
from tests.factories import make_grant, make_user
from tests.inference_worker import web
from tests.release.client.batches.scene import IN, ROOT, begin, done, kept
from tests.release.client.commands import Run, failure, told
from tests.release.faulty_store import Answer, Ask, FaultyStore, Request


def test_a_file_of_prompts_becomes_answers_and_reasons(run: Run, prompts: bytes) -> None:
    submitted = run("submit", IN)
    batch = Batch.objects.get()
    assert f"{batch.pk}: validating" in submitted.stdout
    assert f"gatehouse batch status {batch.pk}" in submitted.stderr
    assert (kept(batch.input_file), batch.input_file.filename) == (prompts, IN)
    batch = done(batch.pk)
    assert f"{batch.pk}: completed, 1 of 2 lines, 1 failed" in run("status", batch.pk).stdout
    assert run("results", batch.pk).stdout_bytes == kept(batch.output_file)
    assert run("results", batch.pk, "-o", "out.jsonl", "--errors", "why.jsonl").exit_code == 0
    assert (Path("out.jsonl").read_bytes(), Path("why.jsonl").read_bytes()) == (
        kept(batch.output_file),
        kept(batch.error_file),
    )
    assert [json.loads(Path(name).read_bytes())["custom_id"] for name in ("out.jsonl", "why.jsonl")] == ["a", "b"]
    assert sorted(path.name for path in Path.cwd().iterdir()) == [IN, "out.jsonl", "why.jsonl"]


def test_for_programs_it_is_one_object(run: Run, prompts: bytes) -> None:
    batch_id = begin(run)
    batch = done(batch_id)
    found = told(run("status", batch_id, "--json"))["batch"]
    assert batch.release is not None
    assert found == {
        "id": batch_id, "status": "completed", "model": batch.release.variant.model_id,
        "total": 2, "completed": 1, "failed": 1, "output_file": batch.output_file_id,
        "error_file": batch.error_file_id, "errors": [],
    }  # fmt: skip
    assert told(run("status", "--json")) == {"batches": [found]}
    saved = told(run("results", batch_id, "-o", "out.jsonl", "--json"))
    assert saved == {"batch": found, "output": "out.jsonl", "errors": None}


def test_lines_that_could_not_be_run_are_told_of(run: Run, prompts: bytes) -> None:
    batch = done(begin(run))
    assert "--errors FILE fetches why" in run("results", batch.pk).stderr
    assert "--errors FILE" not in run("results", batch.pk, "--errors", "why.jsonl").stderr


def test_a_file_that_is_no_batch_says_which_line_and_why(run: Run, prompts: bytes) -> None:
    Path(IN).write_bytes(prompts + prompts)
    batch = done(begin(run))
    shown = run("status", batch.pk).stdout
    assert (batch.state, "failed" in shown, "line 3: This custom_id was used" in shown) == ("failed", True, True)
    assert failure(run("results", batch.pk, "--json")) == (Exit.REFUSED, "batch_without_results")


def test_a_batch_is_cancelled_once_and_its_end_is_told(run: Run, prompts: bytes) -> None:
    batch_id = begin(run)
    assert "cancelling" in run("cancel", batch_id).stdout
    assert run("cancel", batch_id).exit_code == 0
    other = done(begin(run))
    assert failure(run("cancel", other.pk, "--json")) == (Exit.REFUSED, "batch_not_cancellable")


def test_a_batch_that_goes_on_has_no_results_yet(run: Run, prompts: bytes) -> None:
    batch_id = begin(run)
    refused = run("results", batch_id)
    assert (refused.exit_code, refused.stdout) == (Exit.REFUSED, "")
    assert f"gatehouse batch status {batch_id}" in refused.stderr
    assert failure(run("results", batch_id, "-o", "out.jsonl", "--json")) == (Exit.REFUSED, "batch_without_results")
    assert not Path("out.jsonl").exists()


@pytest.mark.parametrize("command", ["status", "results", "cancel"])
def test_the_batch_of_another_person_is_none(run: Run, prompts: bytes, tiny_release: Release, command: str) -> None:
    batch_id = begin(run)
    cy = make_user("cy")
    make_grant(cy, tiny_release.variant.family)
    stranger = web.token(cy)
    assert failure(run(command, batch_id, "--json", token=stranger)) == (Exit.REFUSED, "batch_not_found")
    assert told(run("status", "--json", token=stranger)) == {"batches": []}


@pytest.mark.parametrize("command", [("submit", IN), ("status",), ("status", "batch_1"), ("results", "batch_1"),
                                     ("cancel", "batch_1")])  # fmt: skip
def test_nobody_is_told_to_sign_in_and_a_token_which_scope_it_lacks(
    run: Run, ada: User, prompts: bytes, command: tuple[str, ...]
) -> None:
    assert failure(run(*command, "--json", token=None)) == (Exit.NOT_SIGNED_IN, "not_signed_in")
    reader = run(*command, token=web.token(ada, "read", "download"))
    assert (reader.exit_code, "may run jobs" in reader.stderr) == (Exit.NOT_SIGNED_IN, True)
    assert not Batch.objects.exists()


@pytest.mark.parametrize("name", ["../files", "a/b", "a?b", "", "é", "a" * 101, "a\nb", "%2e"])
@pytest.mark.parametrize("command", ["status", "results", "cancel"])
def test_an_id_that_is_none_is_asked_of_nobody(run: Run, way: FaultyStore, command: str, name: str) -> None:
    assert failure(run(command, name, "--json")) == (Exit.USAGE, "batch_id")
    assert not way.seen


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"hello\n", b"[]\n", b"7\n", b"{}\n", b'{"url": "http://a/v1/x"}\n', b"[" * 100_000, b"\xff\xfe\n"],
)
def test_a_file_that_holds_no_requests_is_not_sent(run: Run, way: FaultyStore, home: Path, content: bytes) -> None:
    Path(IN).write_bytes(content)
    assert failure(run("submit", IN, "--json")) == (Exit.USAGE, "no_batch")
    assert not way.seen


@pytest.mark.parametrize("name", ["absent", "."])
def test_a_file_that_cannot_be_read_is_told(run: Run, way: FaultyStore, name: str) -> None:
    assert failure(run("submit", name, "--json")) == (Exit.USAGE, "file_unreadable")
    assert not way.seen


@pytest.mark.parametrize("before_it", [b"\n", b" \r\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_what_the_server_passes_over_is_passed_over(run: Run, prompts: bytes, before_it: bytes) -> None:
    Path(IN).write_bytes(before_it + prompts)
    assert done(begin(run)).state == "completed"


def test_a_pipe_is_refused_since_it_can_be_read_once(run: Run, way: FaultyStore, prompts: bytes) -> None:
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(prompts), daemon=True)
    writer.start()
    assert failure(run("submit", "pipe", "--json")) == (Exit.USAGE, "file_unreadable")
    assert not way.seen


def test_the_servers_limits_are_told_in_its_words(run: Run, prompts: bytes, settings: Settings) -> None:
    settings.MAX_FILE_BYTES = 10
    refused = run("submit", IN)
    assert (refused.exit_code, "10 bytes at most" in refused.stderr) == (Exit.REFUSED, True)


def test_a_key_said_twice_begins_once(run: Run, prompts: bytes) -> None:
    first, second = begin(run, "--idempotency-key", "k 1"), begin(run, "--idempotency-key", "k 1")
    assert (first, Batch.objects.count(), StoredFile.objects.filter(deleted_at=None).count()) == (
        second,
        1,
        1,
    )
    assert begin(run, "--idempotency-key", "k 2") != first
    assert begin(run) not in (first, begin(run))  # without a key each time is a new one


def test_a_key_of_another_file_is_refused(run: Run, prompts: bytes) -> None:
    begin(run, "--idempotency-key", "k")
    Path(IN).write_bytes(prompts.splitlines(keepends=True)[0])
    assert failure(run("submit", IN, "--idempotency-key", "k", "--json")) == (Exit.REFUSED, "idempotency_key_reuse")
    assert Batch.objects.count() == 1


def test_two_that_say_one_key_at_once_begin_once(
    run: Run, way: FaultyStore, portal: str, ada: User, prompts: bytes
) -> None:
    others: list[str] = []

    def other_comes_first(request: Request, ask: Ask) -> Answer | None:
        if (request.method, request.path) == ("POST", "/v1/batches") and not others:
            with Portal(portal, web.token(ada)) as other:
                others.append(batches.submit(other, Path(IN), "k").id)
        return None

    way.faults.append(other_comes_first)
    assert begin(run, "--idempotency-key", "k") == others[0]
    assert Batch.objects.count() == 1


@pytest.mark.parametrize("key", ["", "é", "k" * 256, "a\tb", " k"])
def test_a_key_that_cannot_be_kept_is_refused(run: Run, way: FaultyStore, prompts: bytes, key: str) -> None:
    assert failure(run("submit", IN, "--idempotency-key", key, "--json")) == (Exit.USAGE, "idempotency_key")
    assert not way.seen


@pytest.mark.parametrize("words", [(), ("--idempotency-key", "k")])
def test_an_answer_that_is_lost_begins_no_second_batch(
    run: Run, way: FaultyStore, prompts: bytes, words: tuple[str, ...]
) -> None:
    lost: list[Answer] = []

    def lose(request: Request, ask: Ask) -> Answer | None:
        if (request.method, request.path) != ("POST", "/v1/batches") or lost:
            return None
        lost.append(ask(request))
        return Answer(502, {"content-type": "text/html"}, b"<h1>Bad gateway</h1>")

    way.faults.append(lose)
    assert begin(run, *words) == json.loads(lost[0].body)["id"]
    assert Batch.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "advice"), [((), "gatehouse batch status"), (("--idempotency-key", "k"), "run the same command again")]
)
def test_whoever_interrupts_a_submission_is_not_told_to_begin_it_twice(
    way: FaultyStore, prompts: bytes, ada: User, words: tuple[str, ...], advice: str
) -> None:
    def interrupt(request: Request, ask: Ask) -> Answer | None:
        if (request.method, request.path) == ("POST", "/v1/batches"):
            answer = ask(request)
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            return answer
        return None

    way.faults.append(interrupt)
    env = {**os.environ, "GATEHOUSE_TOKEN": web.token(ada), "GATEHOUSE_SERVER": way.url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "release.client", "batch", "submit", IN, *words]
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, Batch.objects.count()) == (Exit.INTERRUPTED, 1)
    assert advice in said


def test_more_batches_than_one_page_are_all_listed(run: Run, ada: User) -> None:
    now, file = timezone.now(), web.stored(ada, b"{}\n")
    Batch.objects.bulk_create(
        Batch(owner=ada, endpoint="/v1/completions", input_file=file, created_at=now, expires_at=now)
        for _ in range(230)
    )
    found = [row["id"] for row in told(run("status", "--json"))["batches"]]
    assert (len(found), set(found)) == (230, set(Batch.objects.values_list("pk", flat=True)))


def test_a_list_that_leads_in_circles_ends(run: Run, way: FaultyStore, prompts: bytes) -> None:
    batch_id = begin(run)

    def more(request: Request, ask: Ask) -> Answer | None:
        if not request.path.startswith("/v1/batches?"):
            return None
        page = json.loads(ask(Request("GET", "/v1/batches?limit=1", request.headers, b"")).body)
        return Answer(200, {"content-type": "application/json"}, json.dumps({**page, "has_more": True}).encode())

    way.faults.append(more)
    assert [row["id"] for row in told(run("status", "--json"))["batches"]] == [batch_id]


@pytest.mark.parametrize(
    "rows",
    [
        7,
        [7],
        [{}],
        [{"id": "a/b"}],
        [{"id": "a", "request_counts": {"total": True}}],
        [{"id": "a", "errors": {"data": [7, {"line": {}}]}, "status": ["\x1b[2J"]}],
    ],
)
def test_batches_of_another_shape_are_no_trace(run: Run, way: FaultyStore, rows: object) -> None:
    body = json.dumps({"data": rows}).encode()
    way.faults.append(lambda request, ask: Answer(200, {"content-type": "application/json"}, body))
    shown = run("status")
    assert shown.exit_code in (0, Exit.NETWORK)
    assert "\x1b" not in shown.output
    assert isinstance(shown.exception, SystemExit | None)


def test_a_quota_that_is_used_up_is_told_in_the_servers_words(run: Run, ada: User, prompts: bytes) -> None:
    ada.grants.update(token_quota=0)
    refused = run("submit", IN)
    assert (refused.exit_code, Batch.objects.count(), IdempotencyKey.objects.count()) == (Exit.REFUSED, 0, 0)
    assert "quota" in refused.stderr.lower()
