"""What scripts rely on: stdout holds JSON alone, every error has the same parts, and codes are as documented."""

from __future__ import annotations

import errno
import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from release.client.cli.exits import Exit
from tests.release.client.commands import ROOT, Run, failure, lines, start
from tests.release.client.servers import TOKEN, Servers


def test_a_browser_that_talks_spoils_no_json(servers: Servers, home: Path) -> None:
    servers.offer_a_login()
    process = start(servers, "login", "--json", BROWSER="echo Opening %s")
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert [set(json.loads(line)) for line in told.splitlines()] == [
        {"event", "page", "code"},
        {"server", "person", "kept_in"},
    ]


def test_an_interruption_is_an_error_like_others(servers: Servers, home: Path) -> None:
    process = start(servers, "download", "llama/7b", "w", "--json")
    servers.store.on_sent = lambda total: process.send_signal(signal.SIGTERM)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == Exit.INTERRUPTED
    error = json.loads(told.splitlines()[-1])["error"]
    assert (error["code"], set(error)) == ("interrupted", {"code", "explanation", "remedy", "link"})


def test_a_full_disk_of_the_home_has_its_code(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, target: Path) -> Path:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(Path, "replace", refuse)
    assert failure(run("login", "--token", TOKEN, "--json", token=None)) == (Exit.NO_SPACE, "no_space")


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_the_configuration_is_where_it_was_named_on_every_system(
    run: Run, home: Path, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", system)
    kept_in = Path(lines(run("login", "--token", TOKEN, "--json"))[-1]["kept_in"])
    assert kept_in == home / "credentials.json"
    assert stat.S_IMODE(kept_in.stat().st_mode) == 0o600


@pytest.mark.parametrize("obstacle", ["exposed", "unwritable"])
def test_nobody_confirms_a_login_that_cannot_be_kept(run: Run, servers: Servers, home: Path, obstacle: str) -> None:
    servers.offer_a_login()
    run("login", "--token", TOKEN, token=None)
    servers.portal.asked.clear()
    if obstacle == "exposed":
        (home / "credentials.json").chmod(0o644)
    else:
        (home / ".lock").unlink()
        (home / ".lock").mkdir()
    assert run("login", "--no-browser", "--json", token=None).exit_code == Exit.REFUSED
    assert servers.portal.asked == []


def test_a_plan_says_what_the_publisher_signed_and_not_what_the_server_calls_it(run: Run, servers: Servers) -> None:
    servers.portal.facts = {"licence": {"slug": "anything-goes", "version": "9"}}
    plan = next(line for line in lines(run("download", "llama/7b", "--dry-run", "--json")) if line["event"] == "plan")
    assert (plan["signed_as"], plan["licence"]) == ("llama-7b", "research 1.0")
    said = run("download", "llama/7b", "--dry-run").stderr
    assert "llama/7b@v1, licence research 1.0, signed as llama-7b v1 with " in said


def test_what_is_deprecated_is_said_with_what_to_fetch_instead(run: Run, servers: Servers) -> None:
    servers.portal.facts = {"deprecated": {"reason": "Slow.", "successor": "llama/13b@v2"}}
    said = run("download", "llama/7b", "--dry-run").stderr
    assert "llama/7b@v1 is deprecated: Slow. Its successor is llama/13b@v2." in said


def test_a_system_that_it_does_not_run_on_is_told_what_helps() -> None:
    without = "import sys; sys.modules['fcntl'] = None; sys.argv[1:] = ['--version']; import release.client.__main__"
    done = subprocess.run([sys.executable, "-c", without], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (Exit.REFUSED, False)
    assert "WSL" in done.stderr
