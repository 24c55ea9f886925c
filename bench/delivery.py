"""Delivery: how fast the same release comes by each client, how many links a second, how long the hub's door takes.

A store, a cache and the portal as it is deployed run on this machine, and so do the clients: all share its cores.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import mkdtemp

import django
from django.core.management import call_command

from bench.machinery import BIN, Machinery, Ran, run_measured, run_side_by_side
from bench.world import World

CLIENTS = ("store alone", "boto3", "hf download", "gatehouse download")
MB = 10**6


def run(options: Namespace) -> None:
    """Seeds an installation of its own, measures, and prints tables."""
    with Machinery() as machinery:
        machinery.start_parts()
        django.setup()
        call_command("migrate", verbosity=0)
        world: World = import_module("bench.delivery_rows").seed(options.mib)  # models need Django set up
        machinery.start_portal()
        _head(options, world)
        _downloads(machinery, world, options.rounds)
        _links(options.seconds)
        _resolve(machinery, world, options.requests)


def _head(options: Namespace, world: World) -> None:
    database = os.environ["GATEHOUSE_DATABASE_URL"].partition(":")[0]
    print(f"{world.size_bytes / MB:,.0f} MB in {len(world.sizes)} files, {database}, {os.cpu_count()} cores,")
    print(f"Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}; load before {os.getloadavg()[0]:.1f}.\n")


def _downloads(machinery: Machinery, world: World, rounds: int) -> None:
    found: dict[str, list[Ran]] = {name: [] for name in CLIENTS}
    for _ in range(rounds):
        for name in CLIENTS:  # one after another in each round, so that a busy minute strikes all of them
            found[name].append(_fetch(name, machinery, world))
    print("| client | MB/s | seconds | of which start | peak memory MB |\n|---|---|---|---|---|")
    for name, runs in found.items():
        seconds = median(one.seconds for one in runs)
        start = _start_seconds(name)
        peak = max(one.peak_bytes for one in runs)
        print(f"| {name} | {world.size_bytes / MB / seconds:.0f} | {seconds:.1f} | {start:.1f} | {peak / MB:.0f} |")
    print(flush=True)


def _fetch(name: str, machinery: Machinery, world: World) -> Ran:
    folder = Path(mkdtemp(prefix="fetched-", dir=machinery.folder))
    home = {**os.environ, "HOME": str(folder), "HF_HOME": str(folder / "hf"), "HF_ENDPOINT": machinery.portal,
            "HF_TOKEN": world.token, "HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "GATEHOUSE_SERVER": machinery.portal, "GATEHOUSE_TOKEN": world.token}  # fmt: skip
    try:
        ran = run_measured(_command(name, folder, world), home)
        if name != "store alone":
            _require_whole(name, world.sizes.values(), folder)
        return ran
    finally:
        shutil.rmtree(folder)


def _command(name: str, folder: Path, world: World) -> list[str]:
    if name == "store alone":
        return [sys.executable, "-m", "bench.raw_gets", *world.signed()]
    if name == "boto3":
        return [sys.executable, "-m", "bench.plain_boto3", str(folder / "out"), *world.keys]
    if name == "hf download":
        return [str(BIN / "hf"), "download", world.repo, "--local-dir", str(folder / "out")]
    return [sys.executable, "-m", "release.client", "download", world.model, str(folder / "out"), "--layout", "all"]


def _start_seconds(name: str) -> float:
    """How long the program takes to start and do nothing."""
    idle: Mapping[str, list[str]] = {
        "store alone": [sys.executable, "-m", "bench.raw_gets"],
        "boto3": [sys.executable, "-m", "bench.plain_boto3", os.devnull],
        "hf download": [str(BIN / "hf"), "download", "--help"],
        "gatehouse download": [sys.executable, "-m", "release.client", "download", "--help"],
    }
    return median(run_measured(idle[name], dict(os.environ)).seconds for _ in range(3))


def _require_whole(name: str, sizes: Iterable[int], folder: Path) -> None:
    kept = [path.stat().st_size for path in (folder / "out").rglob("*") if path.is_file()]
    missing = [size for size in sizes if size not in kept]
    if missing:
        raise RuntimeError(f"{name} left out {len(missing)} files")


def _links(seconds: float) -> None:
    ways = {
        "one link each, two people": (["p0", "p1"], 1),
        "one link each, the same person": (["p0", "p0"], 1),
        "a hundred links each, two people": (["p0", "p1"], 100),
    }
    print("| two processes | links per second |\n|---|---|")
    for name, (people, at_once) in ways.items():
        total = run_side_by_side(
            [[sys.executable, "-m", "bench.minting", person, str(seconds), str(at_once)] for person in people]
        )
        print(f"| {name} | {sum(total):,.0f} |", flush=True)
    print()


def _resolve(machinery: Machinery, world: World, requests: int) -> None:
    print("| HEAD of /resolve/ | per second | median ms | p95 ms |\n|---|---|---|---|")
    path = f"/{world.repo}/resolve/v1/part-0.bin"
    for at_once in (1, 8):
        command = [sys.executable, "-m", "bench.heads", machinery.portal, path, str(requests), str(at_once)]
        rate, middle, late = run_measured(command, {**os.environ, "BENCH_TOKEN": world.token}).numbers
        print(f"| {at_once} at once | {rate:.0f} | {middle:.1f} | {late:.1f} |", flush=True)
