"""Small files that only their owner may read, replaced as a whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .errors import RefusedError


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
    """Replace it; nobody else may read it, nor see a half of it. Raises RefusedError."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=2, sort_keys=True)
            file.write("\n")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise RefusedError(
            "config_unwritable", f"{path} cannot be written: {error.strerror}.", "Look at who owns its folder."
        ) from error


def _unreadable(path: Path) -> RefusedError:
    return RefusedError(
        "config_unreadable", f"{path} cannot be read.", "Mend it or move it away; `gatehouse login` makes it anew."
    )
