"""New files that appear in a folder together, or not at all: written elsewhere beside it, then renamed.

The last of the names is the one without which a folder does not count as holding the layout. A run that was killed
leaves no file of this kind, and the next run takes away what it left.
"""

from __future__ import annotations

import errno
import fcntl
import filecmp
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from release.layouts.errors import ConversionRefusedError

UNFINISHED = ".converting"
SPARE_BYTES = 16 * 1024 * 1024


@contextmanager
def new_files(out: Path, last: str, size_bytes: int) -> Iterator[Path]:
    """A folder to write into; at the end its files are moved to `out`, the one called `last` after all others.

    `size_bytes` is about what will be written. Nothing is overwritten: a file of the same name must have the same
    bytes, as after a run that was killed between two renames. Raises ConversionRefusedError; then `out` is as before.
    """
    if os.path.lexists(out / last):
        raise ConversionRefusedError(f"{out} already holds {last}. Take the old files away, or name another folder.")
    made = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        unfinished = out / UNFINISHED
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            _require_space(out, size_bytes)
            unfinished.mkdir()
            yield unfinished
            _move(unfinished, out, last)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise ConversionRefusedError(f"There is no space left for {out}. Nothing was changed.") from None
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
            if made:
                with suppress(OSError):  # it holds the new files
                    out.rmdir()


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """One conversion at a time; the lock ends with its process, however that ends."""
    folder = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(folder)
        raise ConversionRefusedError(f"Another conversion is writing to {out}. Wait until it is done.") from None
    try:
        yield
    finally:
        os.close(folder)


def _require_space(out: Path, size_bytes: int) -> None:
    free = shutil.disk_usage(out).free
    if free < size_bytes + SPARE_BYTES:
        raise ConversionRefusedError(f"{out} has {free:,} bytes free; this needs {size_bytes:,}. Nothing was changed.")


def _move(unfinished: Path, out: Path, last: str) -> None:
    names = sorted((path.name for path in unfinished.iterdir()), key=lambda name: (name == last, name))
    for name in names:
        if os.path.lexists(out / name) and not filecmp.cmp(unfinished / name, out / name, shallow=False):
            raise ConversionRefusedError(f"{out} already holds another {name}. Nothing was changed.")
    for name in names:
        _sync(unfinished / name)
    for name in names:
        (unfinished / name).rename(out / name)
        _sync(out)


def _sync(path: Path) -> None:
    """On the disk before what comes next, so that a power cut leaves no empty file under a final name."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
