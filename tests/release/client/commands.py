"""The command line, run within this process, and what it answers with `--json`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from typer.testing import Result

Run = Callable[..., Result]


def told(result: Result) -> dict[str, Any]:
    return dict(json.loads(result.stdout.splitlines()[-1]))


def failure(result: Result) -> tuple[int, str]:
    return result.exit_code, told(result)["error"]["code"]
