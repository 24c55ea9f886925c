"""Our client as pip installs it, made of the very files that run here: on PyPI its name is somebody else's."""

from __future__ import annotations

import tomllib
from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from release import client
from release.client.version import VERSION

NAME = f"gatehouse-{VERSION}-py3-none-any.whl"
SOURCE = Path(client.__path__[0])
INFO = f"gatehouse-{VERSION}.dist-info"
WHEEL = "Wheel-Version: 1.0\nGenerator: gatehouse\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@cache
def content() -> bytes:
    """The wheel; the same files give the same bytes."""
    files = _files()
    rows = [f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items()]
    record = f"{INFO}/RECORD"
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as wheel:
        for name, data in (*files.items(), (record, "".join([*rows, f"{record},,\n"]).encode())):
            entry = ZipInfo(name)  # of the year 1980
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, data, ZIP_DEFLATED)
    return packed.getvalue()


def _files() -> dict[str, bytes]:
    """By their paths in the wheel."""
    told = tomllib.loads((SOURCE / "pyproject.toml").read_text("utf-8"))
    project, packages = told["project"], told["tool"]["setuptools"]["packages"]
    folders = [Path(*package.split(".")[1:]) for package in packages]
    modules = sorted(path for folder in folders for path in (SOURCE / folder).glob("*.py"))
    scripts = "".join(f"{name} = {target}\n" for name, target in project["scripts"].items())
    return {
        **{f"gatehouse/{path.relative_to(SOURCE).as_posix()}": path.read_bytes() for path in modules},
        f"{INFO}/METADATA": _metadata(project).encode(),
        f"{INFO}/WHEEL": WHEEL.encode(),
        f"{INFO}/entry_points.txt": f"[console_scripts]\n{scripts}".encode(),
    }


def _metadata(project: dict[str, Any]) -> str:
    fields = [
        ("Metadata-Version", "2.4"), ("Name", project["name"]), ("Version", VERSION),
        ("Summary", project["description"]), ("License-Expression", project["license"]),
        ("Requires-Python", project["requires-python"]), ("Description-Content-Type", "text/markdown"),
        *(("Requires-Dist", needed) for needed in project["dependencies"]),
    ]  # fmt: skip
    head = "".join(f"{name}: {value}\n" for name, value in fields)
    return f"{head}\n{(SOURCE / project['readme']).read_text('utf-8')}"


def _digest(data: bytes) -> str:
    return urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
