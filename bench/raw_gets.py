"""`python -m bench.raw_gets URL...`: what the store alone gives: eight plain GETs side by side, read and let go."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

SIDE_BY_SIDE = 8
BUFFER = 1024 * 1024


def fetch(url: str) -> int:
    """Bytes read; raises RuntimeError for another answer than 200."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=60)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"the store answers {answer.status}")
    buffer, total = memoryview(bytearray(BUFFER)), 0
    while count := answer.readinto(buffer):
        total += count
    connection.close()
    return total


if __name__ == "__main__":
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        print([sum(threads.map(fetch, sys.argv[1:]))])
