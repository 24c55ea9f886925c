"""Child processes: started, waited for, restarted when they die, and stopped together with us."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from demo.errors import DemoError
from demo.home import ROOT

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.05
QUICK_DEATH_SECONDS = 10.0
QUICK_DEATHS_ALLOWED = 4
STOP_SECONDS = 10.0


@dataclass
class Child:
    """One process; `is_ready` is asked until it says yes."""

    name: str
    command: list[str]
    env: dict[str, str]
    log: Path
    is_ready: Callable[[], bool]
    ready_within_seconds: float = 60.0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    quick_deaths: int = field(default=0)

    def start(self) -> None:
        """Start in a session of its own, so that Ctrl-C reaches only us and we stop the others in order."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - we have one thread when children start
            )
        self.started_at = time.monotonic()

    def wait_until_ready(self) -> None:
        """Raises DemoError if it ends first or takes too long, naming its log."""
        assert self.process is not None
        deadline = time.monotonic() + self.ready_within_seconds
        while not self.is_ready():
            if self.process.poll() is not None:
                raise DemoError(f"{self.name} stopped at once. Its last words:\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise DemoError(
                    f"{self.name} was not ready after {self.ready_within_seconds:.0f} seconds. "
                    f"See {self.log} and try ./dev reset."
                )
            time.sleep(POLL_SECONDS)

    def last_words(self, lines: int = 12) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def restart_if_dead(self) -> bool:
        """Start it again if it ended; raises DemoError when that keeps happening."""
        assert self.process is not None
        if self.process.poll() is None:
            return False
        quick = time.monotonic() - self.started_at < QUICK_DEATH_SECONDS
        self.quick_deaths = self.quick_deaths + 1 if quick else 0
        if self.quick_deaths > QUICK_DEATHS_ALLOWED:
            raise DemoError(f"{self.name} keeps stopping. Its last words:\n{self.last_words()}")
        self.start()
        return True

    def stop(self) -> None:
        """Ask it to end, and end it if it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def port_is_open(port: int) -> bool:
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _die_with_parent() -> None:
    """Ask Linux to end the child if we are killed without a chance to stop it; elsewhere do nothing."""
    if hasattr(os, "uname") and os.uname().sysname == "Linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
