"""The command line, run within this process or as a shell does, and what it answers with `--json`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from typer.testing import Result

from tests.release.client.servers import TOKEN, Servers

ROOT = Path(__file__).resolve().parents[3]
Run = Callable[..., Result]


def told(result: Result) -> dict[str, Any]:
    return dict(json.loads(result.stdout.splitlines()[-1]))


def failure(result: Result) -> tuple[int, str]:
    return result.exit_code, told(result)["error"]["code"]


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def start(
    servers: Servers, *words: str, stdout: int | BinaryIO = subprocess.PIPE, **more: str
) -> subprocess.Popen[str]:
    """In a process of its own, as a shell does."""
    env = {**os.environ, "GATEHOUSE_TOKEN": TOKEN, "GATEHOUSE_SERVER": servers.url, "PYTHONPATH": str(ROOT), **more}
    command = [sys.executable, "-m", "release.client", *words]
    return subprocess.Popen(command, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True)
