"""The engine beside others: the same tokens, the same weights, the same threads, one after another in one run.

Each runs in a process of its own, from weights that are loaded and warm; loading is not counted. llama.cpp takes part
where `--llama-cpp` names a Python that has llama_cpp and gguf.
"""

from __future__ import annotations

import os
import platform
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import prod
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

from bench.engines import world
from bench.engines.work import WORKS, Work
from bench.machinery import run_measured
from inference_worker.engine.config import ModelConfig
from inference_worker.engine.model import parameter_shapes

DTYPES = ("float32", "bfloat16")
OURS = "Gatehouse"


@dataclass(frozen=True)
class Contender:
    """Who takes part, by which program, with what it is told besides folder, work and dtype."""

    name: str
    program: tuple[str, ...]
    more: tuple[str, ...] = ()
    works: tuple[str, ...] = tuple(WORKS)


def run(options: Namespace) -> None:
    """Prints a table for each shape and dtype."""
    print(f"{os.cpu_count()} cores, {_processor()}, torch {torch.__version__}, Python {platform.python_version()},")
    print(f"{datetime.now(UTC):%Y-%m-%d}; load before {os.getloadavg()[0]:.1f}; median of {options.rounds} rounds.\n")
    for dtype in DTYPES:
        peak, reading = _measure([sys.executable, "-m", "bench.engines.machine", dtype])[:2]
        print(f"{dtype}: {peak:,.0f} GFLOP/s by torch's matrix product, {reading:.0f} GB/s read from memory.\n")
        for shape in world.SHAPES:
            with TemporaryDirectory(prefix="gatehouse-engine-") as name:
                config = world.make(shape, Path(name), getattr(torch, dtype))
                _compare(shape, Path(name), dtype, config, peak, options)


def _compare(shape: str, folder: Path, dtype: str, config: ModelConfig, peak: float, options: Namespace) -> None:
    print(f"| {shape}, {dtype} | {' | '.join(WORKS)} |\n|---|{'---|' * len(WORKS)}")
    works = {name: make(world.VOCABULARY) for name, make in WORKS.items()}
    contenders = _contenders(options.llama_cpp)
    seconds: dict[tuple[str, str], list[float]] = {}
    for _ in range(options.rounds):  # by turns, so that a busy minute strikes all of them
        for contender in contenders:
            for work in contender.works:
                found = _measure([*contender.program, str(folder), work, dtype, *contender.more])
                seconds.setdefault((contender.name, work), []).append(found[0])
    for contender in contenders:
        cells = [_cell(work, seconds.get((contender.name, name))) for name, work in works.items()]
        print(f"| {contender.name} | {' | '.join(cells)} |")
    shares = [_share(config, works[name], median(seconds[OURS, name]), peak) for name in works]
    print(f"| {OURS}, of the matrix product | {' | '.join(f'{share:.0%}' for share in shares)} |\n", flush=True)


def _contenders(llama_cpp: str) -> Sequence[Contender]:
    found = [
        Contender(OURS, _module("ours")),
        Contender(f"{OURS}, nothing shared", _module("ours"), more=("alone",), works=("few-shot",)),
        Contender("transformers, static batches", _module("transformers_static")),
        Contender("transformers, continuous", _module("transformers_continuous"), works=("mixed", "long")),
    ]
    if llama_cpp:
        found.append(Contender("llama.cpp", (llama_cpp, str(Path(__file__).parent / "engines" / "llama.py"))))
    return found


def _module(name: str) -> tuple[str, ...]:
    return sys.executable, "-m", f"bench.engines.{name}"


def _cell(work: Work, seconds: Sequence[float] | None) -> str:
    if seconds is None:
        return "–"
    return f"{work.useful / median(seconds):,.0f} {work.unit}/s"


def _share(config: ModelConfig, work: Work, seconds: float, peak: float) -> float:
    """Of what the machine's matrix product could do meanwhile: what the weights alone need, without attention."""
    shapes = parameter_shapes(config).items()
    weights = sum(prod(shape) for name, shape in shapes if name.startswith("layers.") and len(shape) > 1)
    scored = sum(each.scored or each.answer for each in work.asked)
    needed = 2 * (work.tokens * weights + scored * config.dim * config.vocab_size)
    return needed / seconds / (peak * 1e9)


def _measure(command: list[str]) -> list[float]:
    return run_measured(command, dict(os.environ)).numbers


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )
