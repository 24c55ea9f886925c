"""Cutting a stream into parts of one size, and working on a few parts at a time in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def regroup(chunks: Iterable[bytes], part_bytes: int) -> Iterator[bytes]:
    """The same bytes in parts of exactly `part_bytes`, the last one shorter; nothing for no bytes."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= part_bytes:
            yield bytes(waiting[:part_bytes])
            del waiting[:part_bytes]
    if waiting:
        yield bytes(waiting)


def pipelined(work: Callable[[int, Item], Result], items: Iterable[Item], at_once: int) -> Iterator[Result]:
    """`work(number, item)` for items counted from 1, `at_once` in parallel; results in order.

    No more than `at_once` items are taken ahead of the results, so a long stream of large parts stays in memory.
    """
    with ThreadPoolExecutor(at_once) as pool:
        running: deque[Future[Result]] = deque()
        for number, item in enumerate(items, start=1):
            if len(running) == at_once:
                yield running.popleft().result()
            running.append(pool.submit(work, number, item))
        while running:
            yield running.popleft().result()
