"""`python -m bench.minting USER SECONDS COUNT`: makes links, COUNT at a time, and prints how many it made a second."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from itertools import cycle, islice

import django


def main(username: str, seconds: float, count: int) -> None:
    django.setup()
    mint_each = import_module("release.delivery").mint_each
    timezone = import_module("django.utils.timezone")
    user = import_module("access_portal.accounts.models").User.objects.get(username=username)
    release = import_module("release.queries").get_release("bench", "1b", "v0")
    files = list(release.artifacts.all())
    paths = cycle([each.path for each in files])

    def links() -> None:
        asked = list(islice(paths, count))
        where = {"address": "192.0.2.1", "user_agent": "bench"}
        mint_each(actor=user, release=release, paths=asked, known=files, now=timezone.now(), **where)

    for _ in range(max(1, 100 // count)):  # each file once: what comes again counts nothing
        links()
    made, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        links()
        made += count
    print([made / (time.perf_counter() - began)])


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
