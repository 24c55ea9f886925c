"""Answers of a batch on their way to a file or to stdout: whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest

from access_portal.accounts.models import User
from release.client.cli.batching import WholeLines
from release.client.cli.exits import Exit
from release.storage import jobs_store
from tests.inference_worker import web
from tests.release.client.batches.scene import IN, ROOT, begin, done, kept
from tests.release.client.commands import Run, failure
from tests.release.faulty_store import Answer, Ask, FaultyStore, Request


def cut(request: Request, ask: Ask) -> Answer | None:
    """The connection breaks in the middle of a file."""
    if not request.path.endswith("/content"):
        return None
    answer = ask(request)
    return Answer(answer.status, answer.headers, answer.body, cut=len(answer.body) // 2)


def test_results_that_break_off_leave_what_was_there(run: Run, way: FaultyStore, prompts: bytes) -> None:
    batch = done(begin(run))
    Path("out.jsonl").write_bytes(b"of yesterday")
    way.faults.append(cut)
    broken = run("results", batch.pk, "-o", "out.jsonl")
    assert broken.exit_code == Exit.NETWORK
    assert Path("out.jsonl").read_bytes() == b"of yesterday"
    assert sorted(path.name for path in Path.cwd().iterdir()) == [IN, "out.jsonl"]
    assert run("results", batch.pk).exit_code == Exit.NETWORK


def test_results_that_the_store_lost_leave_nothing(run: Run, prompts: bytes) -> None:
    batch = done(begin(run))
    assert batch.output_file is not None
    jobs_store().delete(batch.output_file.storage_key)
    lost = run("results", batch.pk, "-o", "out.jsonl")
    assert (lost.exit_code in (Exit.REFUSED, Exit.NETWORK), "Error: " in lost.stderr) == (True, True)
    assert [path.name for path in Path.cwd().iterdir()] == [IN]


def test_a_link_beside_the_output_is_not_written_through(run: Run, prompts: bytes, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_bytes(b"precious")
    Path("out.jsonl.part").symlink_to(tmp_path / "thesis.txt")
    batch = done(begin(run))
    assert run("results", batch.pk, "-o", "out.jsonl").exit_code == 0
    assert (tmp_path / "thesis.txt").read_bytes() == b"precious"
    assert Path("out.jsonl").read_bytes() == kept(batch.output_file)


def test_an_output_that_cannot_be_written_is_told(run: Run, prompts: bytes) -> None:
    batch = done(begin(run))
    assert failure(run("results", batch.pk, "-o", "absent/out.jsonl", "--json")) == (Exit.REFUSED, "folder_unusable")


def test_a_device_is_written_to_and_not_replaced(run: Run, prompts: bytes) -> None:
    Path("device").symlink_to("/dev/full")
    batch = done(begin(run))
    assert failure(run("results", batch.pk, "-o", "device", "--json")) == (Exit.NO_SPACE, "no_space")
    assert Path("device").is_symlink()


def test_answers_that_do_not_fit_on_the_disk_behind_stdout_are_told(
    run: Run, way: FaultyStore, prompts: bytes, ada: User
) -> None:
    batch = done(begin(run))
    env = {**os.environ, "GATEHOUSE_TOKEN": web.token(ada), "GATEHOUSE_SERVER": way.url, "PYTHONPATH": str(ROOT)}
    env.pop("PYTHONUNBUFFERED", None)
    command = [sys.executable, "-m", "release.client", "batch", "results", batch.pk]
    with Path("/dev/full").open("wb") as full:  # a disk that is
        ended = subprocess.run(command, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, "is full" in ended.stderr, "Traceback" in ended.stderr) == (Exit.NO_SPACE, True, False)


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_answers_that_break_off_leave_whole_lines_on_stdout(
    run: Run, way: FaultyStore, prompts: bytes, words: tuple[str, ...]
) -> None:
    batch = done(begin(run))
    way.faults.append(cut)
    broken = run("results", batch.pk, *words)
    assert broken.exit_code == Exit.NETWORK
    assert [set(json.loads(line)) for line in broken.stdout.splitlines()] == ([{"error"}] if words else [])


def test_a_line_that_never_ends_fills_no_memory() -> None:
    out = BytesIO()
    lines = WholeLines(out)
    for _ in range(100):
        lines.write(b"x" * 100_000)
    assert len(out.getvalue()) > 5_000_000
    lines.end()
    assert out.getvalue() == b"x" * 10_000_000
