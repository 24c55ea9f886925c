"""Which code is running: told by the environment in an image, by the work tree in a checkout."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import TypedDict

from django.conf import settings


class Version(TypedDict):
    """`commit` is empty where nobody knows it."""

    version: str
    commit: str


@cache
def current() -> Version:
    """Read once for each process: what runs does not change under it."""
    root: Path = settings.ROOT
    return {
        "version": os.environ.get("GATEHOUSE_VERSION") or _project_version(root / "pyproject.toml"),
        "commit": os.environ.get("GATEHOUSE_COMMIT") or _head(root / ".git"),
    }


def _project_version(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text())["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return "unknown"


def _head(git: Path) -> str:
    """The commit checked out, read from the files of git so that no git program is needed."""
    try:
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if (git / name).is_file():
            return (git / name).read_text().strip()
        packed = (git / "packed-refs").read_text().splitlines()
    except OSError:
        return ""
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
