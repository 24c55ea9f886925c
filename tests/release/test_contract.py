"""`manage.py buckets check`: what the store of our tests does and does not, and what is found of a bad one."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from release.contract.checking import findings
from release.storage import weights_store
from tests import environment
from tests.conftest import _wait_for_port
from tests.release import faulty_store
from tests.release.faulty_store import UNAVAILABLE, Answer, Ask, FaultyStore, Request, altered

NOT_HERE = {
    "a link can give the file another name",
    "a part that was altered on its way is refused",
    "objects can be joined inside the store",
    "a range beyond the end is answered with 416",
    "what has not changed is not sent again (If-None-Match)",
    "a range of what has changed is not sent (If-Range)",
    "the signer has credentials of its own",
}


def failing() -> set[str]:
    return {finding.row.what for finding in findings(timezone.now()) if finding.is_failure}


@pytest.fixture
def store(s3_server: str, settings: Settings) -> Iterator[FaultyStore]:
    with faulty_store.before(environment.S3_PORT) as faulty:
        settings.S3_ENDPOINT_URL = settings.S3_PUBLIC_ENDPOINT_URL = faulty.url
        yield faulty


def test_the_store_of_our_tests_does_what_we_need_and_lacks_what_we_know(s3_server: str) -> None:
    found = list(findings(timezone.now()))
    assert {finding.row.what for finding in found if not finding.holds} == NOT_HERE
    assert not any(finding.is_failure for finding in found)


def test_every_row_that_may_fail_says_what_we_do_then(s3_server: str) -> None:
    for finding in findings(timezone.now()):
        assert finding.row.needed != bool(finding.row.otherwise), finding.row.what


def test_a_check_leaves_nothing_behind(s3_server: str) -> None:
    list(findings(timezone.now()))
    assert weights_store().first_key(".gatehouse-check/") is None


def test_the_command_lists_the_rows(s3_server: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("buckets", "check")
    lines = capsys.readouterr().out.splitlines()
    assert "yes   a link that is over is refused" in lines
    assert any(line.startswith("no    the signer has credentials of its own: whoever gets them") for line in lines)


def _open_to_anybody(request: Request, ask: Ask) -> Answer | None:
    """A bucket that somebody made public."""
    if request.kind != "get" or "Authorization" in request.headers:
        return None
    answer = ask(request)
    return Answer(200, {}, b"0123456789" * 10) if answer.status == 403 else answer


def _no_ranges(request: Request, answer: Answer) -> Answer:
    return Answer(200, {}, b"0123456789" * 10) if answer.status == 206 else answer


def _away(request: Request, ask: Ask) -> Answer | None:
    return UNAVAILABLE if request.kind == "begin" else None


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (_open_to_anybody, "nothing is read without a link"),
        (_open_to_anybody, "a link that is over is refused"),
        (_open_to_anybody, "a link reads no other object"),
        (altered("get", _no_ranges), "a download can go on from where it broke off"),
        (_away, "parts become one object"),
    ],
)
def test_what_is_wrong_with_a_store_is_named(store: FaultyStore, fault: faulty_store.Fault, named: str) -> None:
    store.faults = [fault]
    assert named in failing()


def test_a_failing_row_fails_the_command(store: FaultyStore, capsys: pytest.CaptureFixture[str]) -> None:
    store.faults = [_open_to_anybody]
    with pytest.raises(CommandError, match="do not hold"):
        call_command("buckets", "check")
    assert "FAILS nothing is read without a link" in capsys.readouterr().out


def test_a_store_that_is_away_is_a_sentence(settings: Settings) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:1"
    with pytest.raises(CommandError, match="store"):
        call_command("buckets", "check")


@pytest.fixture
def two_users(s3_server: str, settings: Settings, tmp_path: Path) -> Iterator[FaultyStore]:
    """The same objects behind a server that knows a signer too, and lets it do everything."""
    signer, secret = "signer", secrets.token_hex(16)
    users = [(settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY), (signer, secret)]
    lines = [f'[[users]]\naccess_key = "{key}"\nsecret_key = "{word}"\n' for key, word in users]
    (tmp_path / "users.toml").write_text("".join(lines))
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("nanio")), "serve", "--data-dir", f"{environment.FOLDER}/s3", "--host",
        "127.0.0.1", "--port", str(port), "--options", str(tmp_path / "users.toml"), "--no-access-log",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=dict(os.environ))
    _wait_for_port(port, process, "nanio")
    settings.S3_SIGNER_ACCESS_KEY, settings.S3_SIGNER_SECRET_KEY = signer, secret
    with faulty_store.before(port) as faulty:
        settings.S3_ENDPOINT_URL = settings.S3_PUBLIC_ENDPOINT_URL = faulty.url
        yield faulty
    process.terminate()
    process.wait()


def test_a_signer_that_can_do_more_than_read_weights_is_named(two_users: FaultyStore) -> None:
    assert failing() == {
        "the signer cannot write weights",
        "the signer cannot delete weights",
        "the signer cannot list the weights",
        "the signer cannot read the jobs bucket",
    }


def test_a_signer_that_can_only_read_weights_passes(two_users: FaultyStore, settings: Settings) -> None:
    weights = f"/{settings.S3_WEIGHTS_BUCKET}/.gatehouse-check/"

    def policy(request: Request, ask: Ask) -> Answer | None:
        """As the one in the documentation."""
        is_signer = "Credential=signer/" in request.headers.get("Authorization", "")
        if not is_signer or (request.method in ("GET", "HEAD") and request.path.startswith(weights)):
            return None
        return Answer(403, {}, b"<Error><Code>AccessDenied</Code><Message>No.</Message></Error>")

    two_users.faults = [policy]
    assert failing() == set()


def test_a_store_that_does_not_answer_the_signer_has_refused_it_nothing(two_users: FaultyStore) -> None:
    two_users.faults = [
        lambda request, ask: UNAVAILABLE if "Credential=signer/" in request.headers.get("Authorization", "") else None
    ]
    assert "the signer cannot write weights" in failing()
