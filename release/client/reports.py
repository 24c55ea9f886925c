"""Telling the server which files came as published and which did not. A report that fails stops nothing."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import ClientError
from .model_name import ModelName
from .session import Portal
from .version import CLIENT

MOST_AT_ONCE = 100


def report(portal: Portal, name: ModelName, verified: Iterable[str], damaged: Iterable[str]) -> ClientError | None:
    """What kept the server from hearing it, if something did."""
    rows = [{"path": path, "outcome": "verified"} for path in sorted(verified)]
    rows += [{"path": path, "outcome": "damaged"} for path in sorted(damaged)]
    try:
        for start in range(0, len(rows), MOST_AT_ONCE):
            content = {"files": rows[start : start + MOST_AT_ONCE], "client": CLIENT}
            portal.post(f"/portal/v1/releases/{name.path}/reports", content)
    except ClientError as error:
        return error
    return None
