"""Small files that only their owner may read, replaced as a whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import ClientError, RefusedError
from .folder import FULL, disk_error


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in it; empty when there is none. Raises RefusedError when it cannot be read."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path) from error
    if not isinstance(content, dict):
        raise _unreadable(path)
    return content


def write_object(path: Path, content: dict[str, Any]) -> None:
    """Replace it; nobody else may read it, nor see a half of it. Raises RefusedError or NoSpaceError."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=2, sort_keys=True)
            file.write("\n")
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def remove(path: Path) -> None:
    """Raises RefusedError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Hold the folder, made if need be, while one of its files is read and written: two runs may remember at once.

    Raises RefusedError or NoSpaceError.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        with suppress(OSError):  # a disk without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unwritable(path: Path, error: OSError) -> ClientError:
    if error.errno in FULL:
        return disk_error(error, path)
    return RefusedError(
        "config_unwritable",
        f"{path} cannot be written: {error.strerror}.",
        "Look at who owns its folder, or set XDG_CONFIG_HOME to one that is yours.",
    )


def _unreadable(path: Path) -> RefusedError:
    return RefusedError(
        "config_unreadable", f"{path} cannot be read.", "Mend it or move it away; `gatehouse login` makes it anew."
    )
