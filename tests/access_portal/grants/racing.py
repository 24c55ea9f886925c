"""Calls that start at the same moment, each in a thread and a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection

from access_portal.errors import GatehouseError


def at_once(*calls: Callable[[], object]) -> list[str]:
    """The code of each refusal, or `done`, in the order of the alphabet."""
    start = threading.Barrier(len(calls))
    results: list[str] = []

    def run(call: Callable[[], object]) -> None:
        start.wait()
        try:
            call()
            results.append("done")
        except GatehouseError as error:
            results.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)
