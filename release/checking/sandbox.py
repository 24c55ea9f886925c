"""What the process that reads strangers' files gives up before it does: network, memory, time, files, programs.

The network goes in one of two ways, and the answer says which. A network namespace of its own, made through libc, has
no interface that is up: the kernel itself refuses every connection, to the loopback address too. Where the system
allows no namespace (some containers), Python's audit hook refuses sockets: that holds for all Python code in this
process, but would not hold native code that a damaged file made run. The hook is set in both cases, as it also refuses
to start programs and to open files for writing.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Callable
from enum import StrEnum

WORKING_BYTES = 384 * 1024 * 1024  # files are read block by block, so their size does not matter
CPU_SECONDS, BYTES_PER_CPU_SECOND = 120, 20_000_000
WRITTEN_BYTES = 65_536  # the answer, should it go to a file
OPEN_FILES = 64
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
NO_NEW_PRIVILEGES = 38  # prctl

REFUSED_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "ctypes.")
REFUSED_CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.truncate")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Network(StrEnum):
    """What keeps the process from the network."""

    NAMESPACE = "namespace"
    AUDIT_HOOK = "audit hook"


def enter(file_bytes: int, leave: Callable[[], bool] | None = None) -> Network:
    """Give everything up, for good. Call it after all imports; `file_bytes` is how much there is to read."""
    network = Network.NAMESPACE if (leave or leave_network)() else Network.AUDIT_HOOK
    limit(file_bytes)
    sys.addaudithook(_refuse)
    return network


def leave_network() -> bool:
    """Move into a network namespace without a connection; False where the system does not allow it.

    First with a user namespace, which any user may make and which also drops what root could do outside; then, for root
    where those are switched off, without.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return any(libc.unshare(flags) == 0 for flags in (NEW_USER | NEW_NETWORK, NEW_NETWORK))


def limit(file_bytes: int) -> None:
    """Bounds that the kernel keeps: memory beyond the program, seconds, what is written, no other process, no core."""
    limits = {
        resource.RLIMIT_DATA: WORKING_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS + file_bytes // BYTES_PER_CPU_SECOND,
        resource.RLIMIT_FSIZE: WRITTEN_BYTES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
    }
    for kind, value in limits.items():
        # A second later it is SIGKILL, which would read as if the machine had no memory left.
        resource.setrlimit(kind, (value, value + 1 if kind == resource.RLIMIT_CPU else value))


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(REFUSED_EVENTS) or event in REFUSED_CHANGES:
        raise PermissionError(f"the check of weights may not do this: {event}")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
        raise PermissionError("the check of weights may not write files")
