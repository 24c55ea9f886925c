"""Small files of a folder's record, read and replaced as if a stranger had laid links and pipes among them."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LARGEST_BYTES = 16 * 1024 * 1024


def read(path: Path, limit: int = LARGEST_BYTES) -> bytes:
    """At most so many bytes of it; raises OSError, also for what is no plain file."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "is no plain file", str(path))
        return file.read(limit)


def replace(path: Path, content: bytes) -> None:
    """The whole of it at once, whatever was there; raises OSError."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    fresh.replace(path)


def open_to_append(path: Path) -> int:
    """A handle; raises OSError, also where a link or a pipe lies."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    return os.open(path, flags, 0o644)  # of a pipe that nobody reads this is refused, and not waited for


def open_alone(path: Path) -> int:
    """A handle to read and write: a file that has a second name elsewhere is left to that one. Raises OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    handle = os.open(path, flags, 0o644)
    if os.fstat(handle).st_nlink == 1:
        return handle
    os.close(handle)
    path.unlink()
    return os.open(path, flags | os.O_EXCL, 0o644)
