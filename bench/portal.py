"""Queue and case pages of reviewers with many applications: queries, median and 95th percentile of each page."""

from __future__ import annotations

import os
import platform
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from statistics import median, quantiles

import django
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

ROUNDS = 60


@dataclass(frozen=True)
class Measured:
    """One page: how many queries it made, and how long it took, in milliseconds."""

    page: str
    queries: int
    median_ms: float
    p95_ms: float


def run(options: Namespace) -> None:
    """Seed, measure, print a Markdown table."""
    django.setup()
    call_command("migrate", verbosity=0)
    portal_rows = import_module("bench.portal_rows")  # its models need Django to be set up
    began = time.perf_counter()
    rows: int = options.rows
    house = portal_rows.seed(rows)
    seeded = time.perf_counter() - began
    client = portal_rows.signed_in(house)
    pages: dict[str, Callable[[int], str]] = {
        "queue, unassigned": lambda n: "/review/?view=unassigned",
        "queue, from the middle of all": lambda n: f"/review/?view=all&sort=oldest&{house.middle}",
        "queue, mine": lambda n: "/review/?view=mine",
        "queue, overdue": lambda n: "/review/?view=overdue",
        "queue, a number": lambda n: f"/review/?view=all&text={house.numbers[n * 37 % len(house.numbers)]}",
        "queue, a name": lambda n: f"/review/?view=all&text=Person+{n}",
        "case": lambda n: f"/review/{house.numbers[n * 101 % len(house.numbers)]}/",
        "decider's desk": lambda n: "/review/desk/",
        "transparency": lambda n: "/transparency/",
        "dashboard": lambda n: "/office/reports/",
    }
    print(f"{rows:,} applications, {connection.vendor}, {os.cpu_count()} cores, Python {platform.python_version()},")
    print(f"{datetime.now(UTC):%Y-%m-%d}; seeded in {seeded:.0f} s; {ROUNDS} requests of each page, one at a time.\n")
    print("| page | queries | median ms | p95 ms |\n|---|---|---|---|")
    for name, address in pages.items():
        found = measure(client, name, address)
        print(f"| {found.page} | {found.queries} | {found.median_ms:.0f} | {found.p95_ms:.0f} |", flush=True)


def measure(client: Client, name: str, address: Callable[[int], str]) -> Measured:
    """The page asked for `ROUNDS` times, after two that warm up."""
    times: list[float] = []
    most = 0
    for n in range(ROUNDS + 2):
        with CaptureQueriesContext(connection) as queries:
            began = time.perf_counter()
            response = client.get(address(n))
            times.append((time.perf_counter() - began) * 1000)
        assert response.status_code == 200, f"{address(n)} answers {response.status_code}"
        most = max(most, len(queries))
    times = times[2:]
    return Measured(name, most, median(times), quantiles(times, n=20)[-1])
