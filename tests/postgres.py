"""Run a command beside a PostgreSQL of its own: `python -m tests.postgres pytest ...`.

The server lives in a temporary folder, listens on a socket there and nowhere else, and is gone afterwards. PostgreSQL
refuses to run as root, so as root it runs as `nobody`.
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote


def main(command: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="gatehouse-pg-") as name:
        folder, identity = Path(name), {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        _control(folder, identity, "initdb", "-D", str(folder / "data"), "-U", "gatehouse", "-A", "trust",
                 "-E", "UTF8", "--locale=C.UTF-8", "-N")  # fmt: skip
        options = f"-k {folder} -h '' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        _control(folder, identity, "pg_ctl", "-D", str(folder / "data"), "-w", "-l", str(folder / "log"), "-o", options,
                 "start")  # fmt: skip
        url = f"postgres://gatehouse@{quote(str(folder), safe='')}/gatehouse"
        try:
            env = {**os.environ, "GATEHOUSE_TEST_DATABASE_URL": url}
            return subprocess.run(command, env=env, check=False).returncode
        finally:
            _control(folder, identity, "pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")


def _control(folder: Path, identity: dict[str, Any], program: str, *arguments: str) -> None:
    subprocess.run([_binaries() / program, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, **identity)


def _binaries() -> Path:
    """The newest PostgreSQL that Debian's packages installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        sys.exit("PostgreSQL's programs are missing: apt install postgresql")
    return found[-1].parent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
