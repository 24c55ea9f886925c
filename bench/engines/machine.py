"""`python -m bench.engines.machine DTYPE`: GFLOP/s of a matrix product and GB/s of reading, as torch has them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import torch

SIZE, READ_BYTES, ROUNDS = 2048, 1 << 29, 15


def main(dtype: str) -> None:
    one, other = (torch.randn(SIZE, SIZE).to(getattr(torch, dtype)) for _ in range(2))
    much = torch.ones(READ_BYTES // 4)
    product, reading = _best(lambda: one @ other), _best(much.sum)
    print([2 * SIZE**3 / product / 1e9, READ_BYTES / reading / 1e9])


def _best(run: Callable[[], object]) -> float:
    run()
    return min(_seconds(run) for _ in range(ROUNDS))


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


if __name__ == "__main__":
    main(sys.argv[1])
