"""One demonstration at a time: a lock that the system drops when its holder ends, however that happens."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from demo.errors import DemoError
from demo.home import Home

STOP_SECONDS = 30.0


@contextmanager
def only_copy(home: Home) -> Iterator[None]:
    """Hold the lock of this folder; raises DemoError when another process has it."""
    with home.lock_file.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                f"Gatehouse is already running here (process {_holder(home)}). "
                "Its addresses are in .gatehouse/demo.json; stop it with ./dev down."
            ) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def stop_other_copy(home: Home) -> bool:
    """Ask a running demonstration to end and wait for it; False when none runs. Raises DemoError if it stays."""
    deadline = time.monotonic() + STOP_SECONDS
    asked = False
    while is_held(home):
        holder = _holder(home)
        if not asked and holder:
            os.kill(holder, signal.SIGTERM)
            asked = True
        if time.monotonic() > deadline:
            raise DemoError(f"Process {holder} does not stop. End it with: kill -9 {holder}")
        time.sleep(0.1)
    return asked


def is_held(home: Home) -> bool:
    """Whether some process runs a demonstration in this folder."""
    if not home.lock_file.exists():
        return False
    with home.lock_file.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _holder(home: Home) -> int:
    text = home.lock_file.read_text().strip()
    return int(text) if text.isdigit() else 0
