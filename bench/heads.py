"""`python -m bench.heads PORTAL PATH COUNT AT_ONCE`: asks the hub for a file; prints rate, median and p95."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from statistics import median, quantiles
from urllib.parse import urlsplit

WARM_UP = 10


def ask(portal: str, path: str, count: int) -> list[float]:
    """Milliseconds of each request on one connection; raises RuntimeError for another answer than a link."""
    connection = HTTPConnection(urlsplit(portal).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {os.environ['BENCH_TOKEN']}"}
    times = []
    for _ in range(WARM_UP + count):
        began = time.perf_counter()
        connection.request("HEAD", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        times.append((time.perf_counter() - began) * 1000)
        if answer.status != 302:
            raise RuntimeError(f"the portal answers {answer.status}: {answer.headers}")
    return times[WARM_UP:]


def main(portal: str, path: str, count: int, at_once: int) -> None:
    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as threads:
        runs = list(threads.map(lambda _: ask(portal, path, count // at_once), range(at_once)))
    seconds = time.perf_counter() - began
    times = [one for run in runs for one in run]
    print([len(times) / seconds, median(times), quantiles(times, n=20)[-1]])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
