"""`./dev up --once` as a person runs it: real processes, the whole job, nothing left behind."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from demo.children import free_port

ROOT = Path(__file__).resolve().parents[2]


def demo(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demonstration in a folder of its own, without the settings of this test run."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GATEHOUSE_", "DJANGO_"))}
    env["GATEHOUSE_HOME"] = str(home)
    command = [sys.executable, "-m", "demo", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=400, check=False)


def processes_with(text: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in command and int(folder.name) != os.getpid():
            found.append(command.replace(b"\0", b" ").decode(errors="replace")[:200])
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def finished(home: Path) -> subprocess.CompletedProcess[str]:
    return demo(home, "up", "--once", "--port", str(free_port()))


@pytest.mark.journey
def test_the_main_job_runs_from_application_to_tokens_charged(finished: subprocess.CompletedProcess[str]) -> None:
    assert finished.returncode == 0, finished.stdout + finished.stderr
    for words in ("application: GH-", "decision: approved", "SHA-256", "batch: batch_", "tokens charged: "):
        assert words in finished.stdout
    assert "✗" not in finished.stdout


@pytest.mark.journey
def test_it_leaves_no_process_behind(finished: subprocess.CompletedProcess[str], home: Path) -> None:
    assert processes_with(str(home)) == []


@pytest.mark.journey
def test_demo_json_names_everybody_and_only_its_owner_reads_it(
    finished: subprocess.CompletedProcess[str], home: Path
) -> None:
    file = home / "demo.json"
    assert file.stat().st_mode & 0o777 == 0o600
    content = json.loads(file.read_text())
    titles = {"release_owner", "reviewer", "researcher", "applicant", "researcher_with_tiny_quota"}
    assert set(content["people"]) == titles
    assert all({"name", "password", "token"} <= set(person) for person in content["people"].values())
    assert {"base_url", "s3_url", "repository", "model"} <= set(content)


@pytest.mark.journey
def test_no_secret_is_in_a_log(finished: subprocess.CompletedProcess[str], home: Path) -> None:
    people = json.loads((home / "demo.json").read_text())["people"].values()
    secrets = [person[name] for person in people for name in ("password", "token", "totp_secret") if name in person]
    secrets += json.loads((home / "secrets.json").read_text()).values()
    logs = "".join(log.read_text(errors="replace") for log in (home / "logs").iterdir())
    assert logs
    assert not [secret for secret in secrets if secret in logs]


@pytest.mark.journey
def test_a_taken_port_is_a_sentence(home: Path, finished: subprocess.CompletedProcess[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = demo(home, "up", "--once", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "is taken by another program" in done.stderr
    assert "Traceback" not in done.stderr
