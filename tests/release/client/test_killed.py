"""A download that is killed without warning, again and again, at moments that a seed chooses."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from release.client.manifest import Layout
from release.client.transfer import Pace
from tests.release.client.servers import TOKEN, Published, Servers, serving

ROOT = Path(__file__).resolve().parents[3]
MB = 1_000_000
BLOCK = Pace.block_bytes


def contents() -> dict[str, bytes]:
    """One file of several blocks and many that come whole between two kills: 47 MB."""
    chance = random.Random(20)
    small = {f"part-{n:02d}.bin": chance.randbytes(chance.randrange(1, MB)) for n in range(40)}
    return {"consolidated.00.pth": chance.randbytes(27 * MB + 1), "empty.bin": b"", **small}


def moments() -> list[tuple[int, int]]:
    """Twenty times: connections, and the bytes after which the run is killed. Three of them bring a block each."""
    chance = random.Random(5)
    kills = [(1, 13 * MB)] * 3 + [(3, chance.randrange(1, MB)) for _ in range(17)]
    chance.shuffle(kills)
    return kills


def start(servers: Servers, folder: Path, home: Path, connections: int = 3) -> subprocess.Popen[bytes]:
    env = {**os.environ, "GATEHOUSE_TOKEN": TOKEN, "GATEHOUSE_SERVER": servers.url, "XDG_CONFIG_HOME": str(home)}
    words = ["download", "llama/7b", str(folder), "--connections", str(connections)]
    command = [sys.executable, "-m", "release.client", *words]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_after(servers: Servers, count: int, process: subprocess.Popen[bytes]) -> int:
    """How it ended: killed once the store has sent so many bytes more."""
    end = servers.store.sent_bytes + count

    def on_sent(total: int) -> None:
        if total >= end:
            process.send_signal(signal.SIGKILL)

    servers.store.on_sent = on_sent
    return process.wait(timeout=60)


def test_a_download_that_is_killed_twenty_times_ends_byte_for_byte(tmp_path: Path) -> None:
    files = contents()
    total = sum(map(len, files.values()))
    with serving(Published(files, {"consolidated.00.pth": Layout.META})) as servers:
        folder, home = tmp_path / "weights", tmp_path / "home"
        for connections, count in moments():
            process = start(servers, folder, home, connections)
            assert kill_after(servers, count, process) == -signal.SIGKILL
        servers.store.on_sent, before = (lambda total: None), len(servers.store.requests)
        assert start(servers, folder, home).wait(timeout=120) == 0
        assert {path: (folder / "7B" / path).read_bytes() for path in files} == files
        fetched = sum(stop - first for _, first, stop in servers.store.requests[before:])
        assert fetched < total - 3 * BLOCK  # what had come was not asked for again
        assert servers.portal.reports() == dict.fromkeys(files, "verified")
        assert list((folder / "7B/.gatehouse/partial").iterdir()) == []
