"""What must answer for this house to work: each room registers its own check, the heartbeat runs them all.

`register("s3", check)` belongs in an app's `ready()`. A check takes no argument, returns nothing, and raises when its
part does not answer; it must give up within `SECONDS`, because the checks run one after another.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypedDict

import redis
import structlog
from django.conf import settings
from django.db import connection

SECONDS = 2.0
Check = Callable[[], object]
log = structlog.get_logger(__name__)
_checks: dict[str, Check] = {}


class Part(TypedDict):
    """How one part answered; `ms` is how long it took. The cause of a failure goes to the log, not to strangers."""

    ok: bool
    ms: int


def register(name: str, check: Check) -> None:
    """Have `check` run by every heartbeat under this name; a second registration replaces the first."""
    _checks[name] = check


def run_checks() -> dict[str, Part]:
    """Run every registered check once, in the order of registration."""
    return {name: _run(name, check) for name, check in _checks.items()}


def _run(name: str, check: Check) -> Part:
    started = time.monotonic()
    try:
        check()
        ok = True
    except Exception as failure:
        log.warning("health_check_failed", part=name, error=repr(failure))
        ok = False
    return {"ok": ok, "ms": round((time.monotonic() - started) * 1000)}


def check_database() -> None:
    """Ask the database for one row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def check_redis() -> None:
    """Ping Redis on a connection of its own, so that a full pool is not mistaken for a dead server."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as client:
        client.ping()
