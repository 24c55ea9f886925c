"""`./dev bench NAME`: measures one part on this machine and prints what docs/benchmarks.md keeps."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from importlib import import_module

BENCHES = {
    "portal": "the pages of reviewers with many applications in the database",
    "delivery": "one release by each client, links a second, the hub's door",
    "engine": "tokens a second beside transformers and llama.cpp",
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("name", choices=BENCHES, help="; ".join(f"{name}: {what}" for name, what in BENCHES.items()))
    parser.add_argument("--rows", type=int, default=50_000, help="applications in the database (default 50000)")
    parser.add_argument("--mib", type=int, default=1024, help="size of the release that is downloaded (default 1024)")
    parser.add_argument("--rounds", type=int, default=3, help="of each client or engine (default 3)")
    parser.add_argument("--seconds", type=float, default=10, help="for which links are made (default 10)")
    parser.add_argument("--requests", type=int, default=800, help="to the hub's door (default 800)")
    parser.add_argument("--database", default="", help="a database URL; a new SQLite file if not given")
    parser.add_argument("--llama-cpp", default="", metavar="PYTHON", help="one that has llama_cpp and gguf")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder:
        prepare(folder, options.database)
        import_module(f"bench.{options.name}").run(options)
    return 0


def prepare(folder: str, database: str) -> None:
    """Settings of a throw-away installation. No Redis and no object store unless the bench starts them."""
    os.environ.update(
        {
            "DJANGO_SETTINGS_MODULE": "access_portal.settings",
            "GATEHOUSE_SECRET_KEY": secrets.token_urlsafe(40),
            "GATEHOUSE_BASE_URL": "http://testserver",
            "GATEHOUSE_DATABASE_URL": database or f"sqlite:///{folder}/bench.sqlite3",
            "GATEHOUSE_REDIS_URL": "redis://localhost:1",
            "GATEHOUSE_S3_ACCESS_KEY": "bench",
            "GATEHOUSE_S3_SECRET_KEY": "bench",
            "GATEHOUSE_STATIC_ROOT": folder,
            "GATEHOUSE_STATICFILES": "django.contrib.staticfiles.storage.StaticFilesStorage",
            "GATEHOUSE_LOG_LEVEL": "ERROR",
        }
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
