"""Several requests at the same moment, each on a database connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from access_portal.errors import GatehouseError


def at_once(*calls: Callable[[], object]) -> list[str]:
    """The outcomes, sorted: `ok` or the code of the refusal. The test needs `django_db(transaction=True)`."""
    barrier = Barrier(len(calls), timeout=20)

    def run(call: Callable[[], object]) -> str:
        try:
            connection.ensure_connection()
            barrier.wait()
            call()
        except GatehouseError as refusal:
            return refusal.code
        finally:
            connection.close()
        return "ok"

    with ThreadPoolExecutor(len(calls)) as threads:
        return sorted(threads.map(run, calls))
