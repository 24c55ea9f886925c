"""Compiles cpu.cpp for this very machine, once, and keeps the result for the next start."""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch

log = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("cpu.cpp")
FLAGS: tuple[str, ...] = (
    "-O3", "-march=native", "-std=c++17", "-fPIC", "-fopenmp", "-fno-math-errno",
    "-fno-trapping-math", "-fassociative-math", "-fno-signed-zeros", "-freciprocal-math",
)  # fmt: skip
if platform.machine() == "x86_64":
    FLAGS += ("-mprefer-vector-width=512",)
SECONDS = 300


def load() -> ctypes.CDLL | None:
    """The compiled library; None where it cannot be had, and the log says why."""
    try:
        return ctypes.CDLL(str(_library()))
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace")[-500:]
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:  # without a home, a RuntimeError
        reason = str(error)
    log.warning("The kernels for the CPU could not be compiled, so torch does their work, slower: %s", reason)
    return None


def _library() -> Path:
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        raise FileNotFoundError("there is no C++ compiler")
    kept = _folder() / f"cpu-{_fingerprint(compiler)}.so"
    if not kept.exists():
        _compile(compiler, kept)
    return kept


def _folder() -> Path:
    """Where only we write: whoever could put a library there would run code as us."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gatehouse-engine"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _fingerprint(compiler: str) -> str:
    """Of everything that the result depends on; a home may be shared by machines of several kinds."""
    flags = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")), "")
    parts = (SOURCE.read_text(), " ".join(FLAGS), compiler, torch.__version__, str(_openmp()), flags)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _openmp() -> Path | None:
    """The OpenMP that torch brought: a second one would have threads of its own, and both would wait spinning."""
    return next((Path(torch.__file__).parent / "lib").glob("libgomp*"), None)


def _compile(compiler: str, kept: Path) -> None:
    with tempfile.TemporaryDirectory(dir=kept.parent) as name:
        compiled, linked = Path(name) / "cpu.o", Path(name) / kept.name
        own = _openmp()
        with_openmp = [str(own)] if own is not None else ["-lgomp"]
        for command in (
            [compiler, *FLAGS, "-c", str(SOURCE), "-o", str(compiled)],
            [compiler, "-shared", str(compiled), "-o", str(linked), *with_openmp, "-lm"],
        ):
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)  # noqa: S603 - as written here
        linked.replace(kept)  # at once: another process may be doing the same
