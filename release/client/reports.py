"""Telling the server which files came as published and which did not. A report that fails stops nothing."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import ClientError
from .model_name import ModelName
from .session import Portal
from .version import CLIENT

MOST_AT_ONCE = 100
NOT_MINE = "link_never_made"  # one of these files was fetched by somebody else, or of another release

Row = dict[str, str]


def report(portal: Portal, name: ModelName, verified: Iterable[str], damaged: Iterable[str]) -> ClientError | None:
    """What kept the server from hearing it, if something did."""
    rows = [{"path": path, "outcome": "verified"} for path in sorted(verified)]
    rows += [{"path": path, "outcome": "damaged"} for path in sorted(damaged)]
    try:
        for start in range(0, len(rows), MOST_AT_ONCE):
            _send(portal, name, rows[start : start + MOST_AT_ONCE])
    except ClientError as error:
        return error
    return None


def _send(portal: Portal, name: ModelName, rows: list[Row]) -> None:
    """The server takes all of them or none; what is not this person's to report keeps back nothing else."""
    try:
        portal.post(f"/portal/v1/releases/{name.path}/reports", {"files": rows, "client": CLIENT})
    except ClientError as error:
        if error.code != NOT_MINE:
            raise
        for row in rows if len(rows) > 1 else ():
            _send(portal, name, [row])
