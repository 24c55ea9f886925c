"""`./dev up --once` as a person runs it: real processes, the whole job, nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from demo.children import free_port

ROOT = Path(__file__).resolve().parents[2]


def environment(home: Path) -> dict[str, str]:
    """A folder of its own, without the settings of this test run."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GATEHOUSE_", "DJANGO_"))}
    return {**env, "GATEHOUSE_HOME": str(home)}


def demo(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demonstration to its end."""
    command = [sys.executable, "-m", "demo", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=400, check=False
    )


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Run it as at a terminal: a test run in the background is deaf to Ctrl-C, and its children would be too."""
    command = [sys.executable, "-m", "demo", *arguments]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            command, cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)


def read_until(stream: IO[str], words: str) -> None:
    """Read lines until one holds these words; the end of the stream is a failure that shows all of them."""
    seen = []
    for line in stream:
        seen.append(line)
        if words in line:
            return
    pytest.fail(f"never said {words!r}:\n{''.join(seen)}")


def processes(text: str) -> list[tuple[int, str]]:
    """Process numbers and command lines of what has `text` in its command line or environment, ourselves apart."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, environ = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in command + environ and int(folder.name) != os.getpid():
            found.append((int(folder.name), command.replace(b"\0", b" ").decode(errors="replace")))
    return found


def processes_with(text: str) -> list[str]:
    return [command for _pid, command in processes(text)]


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
    titles = {
        "release_owner", "office_administrator", "reviewer", "researcher", "applicant", "researcher_with_tiny_quota",
    }  # fmt: skip
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


@pytest.mark.journey
def test_a_killed_worker_is_started_again_and_ctrl_c_stops_every_child(
    finished: subprocess.CompletedProcess[str], home: Path
) -> None:
    process = start(home, "up", "--port", str(free_port()))
    assert process.stdout is not None
    read_until(process.stdout, "Press Ctrl-C")
    [worker] = [pid for pid, command in processes(str(home)) if "manage.py worker" in command]
    os.kill(worker, signal.SIGKILL)
    read_until(process.stdout, "Worker had stopped and was started again")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert processes_with(str(home)) == []


@pytest.mark.journey
def test_a_second_copy_is_refused_and_down_stops_the_first(
    finished: subprocess.CompletedProcess[str], home: Path
) -> None:
    process = start(home, "up", "--port", str(free_port()))
    assert process.stdout is not None
    read_until(process.stdout, "Press Ctrl-C")
    second = demo(home, "up", "--once", "--port", str(free_port()))
    assert second.returncode == 1
    assert "already running here" in second.stderr
    assert demo(home, "down").returncode == 0
    assert process.wait(60) == 130
    assert processes_with(str(home)) == []
