"""From inside: no network in either way, no written file, no program, no endless memory."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

INSIDE = """
import json, os, socket, subprocess, sys, urllib.request
from release.checking.sandbox import enter
network = enter(0, (lambda: False) if sys.argv[1] == "hook" else None)

def tried(action):
    try:
        action()
    except BaseException as error:
        return type(error).__name__
    return "done"

print(json.dumps({"network": network, **{name: tried(action) for name, action in {ACTIONS}.items()}}))
"""


def _inside(actions: str, way: str = "namespace") -> dict[str, str]:
    program = INSIDE.replace("{ACTIONS}", actions)
    done = subprocess.run([sys.executable, "-c", program, way], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("way", ["namespace", "hook"])
def test_nothing_inside_reaches_a_server_that_listens(way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = _inside(
            f"{{'tcp': lambda: socket.create_connection(('127.0.0.1', {port}), 5),"
            " 'name': lambda: socket.getaddrinfo('localhost', 80),"
            f" 'http': lambda: urllib.request.urlopen('http://127.0.0.1:{port}/')}}",
            way,
        )
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert found.pop("network") == ("audit hook" if way == "hook" else found.get("network", "namespace"))
    assert "done" not in found.values()


def test_a_namespace_holds_without_the_hook() -> None:
    """What the kernel refuses by itself; skipped where the system lets nobody make a namespace."""
    program = """
import socket, sys
from release.checking.sandbox import leave_network
if not leave_network():
    sys.exit(77)
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
except OSError:
    sys.exit(0)
sys.exit(1)
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = [sys.executable, "-c", program, str(server.getsockname()[1])]
        status = subprocess.run(command, check=False).returncode
    if status == 77:
        pytest.skip("this system allows no network namespace")
    assert status == 0


def test_no_file_is_written_and_no_program_started(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    found = _inside(
        f"{{'write': lambda: open({str(trace)!r}, 'w'),"
        f" 'append': lambda: os.open({str(trace)!r}, os.O_CREAT | os.O_WRONLY),"
        f" 'program': lambda: subprocess.run(['touch', {str(trace)!r}]), 'shell': lambda: os.system('touch {trace}'),"
        " 'fork': os.fork, 'remove': lambda: os.remove('manage.py'), 'read': lambda: open('manage.py').close()}"
    )
    assert found.pop("network")
    assert found.pop("read") == "done"
    assert set(found.values()) == {"PermissionError"}
    assert not trace.exists()


def test_a_check_that_uses_up_its_seconds_ends_by_a_signal_that_says_so() -> None:
    program = "import release.checking.sandbox as it\nit.CPU_SECONDS = 1\nit.limit(0)\nwhile True: pass"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGXCPU


def test_memory_ends_early_and_time_is_limited() -> None:
    found = _inside(
        "{'memory': lambda: bytearray(1 << 30), 'time': lambda: __import__('resource').setrlimit(0, (10**6, 10**6))}"
    )
    assert (found["memory"], found["time"]) == (
        "MemoryError",
        "ValueError" if found["time"] == "ValueError" else "done",
    )
