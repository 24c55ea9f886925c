"""Room on the disk: asked for first, no more than is needed, and what happens when it ends on the way."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from release.client.errors import NoSpaceError
from release.client.events import nobody
from release.client.folder import KEPT_FREE_BYTES, ReleaseFolder
from release.client.verify import verify
from tests.release.client.conftest import BLOCK, LAYOUTS, Runs, on_its_way_to_its_place
from tests.release.client.servers import Published, Servers

LARGE = "consolidated.00.pth"


def test_a_disk_that_fills_is_told_and_loses_nothing(
    fetch: Runs, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = os.pwrite, [15 * BLOCK]

    def pwrite(handle: int, data: Any, position: int) -> int:
        left[0] -= len(data)
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data, position)

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(NoSpaceError, match="is full"):
        fetch()
    monkeypatch.undo()
    before = servers.store.fetched(LARGE)
    fetch()
    assert fetch.is_complete()
    assert servers.store.fetched(LARGE) - before < len(servers.portal.published.files[LARGE])


def test_too_little_room_is_told_before_anything_is_fetched(
    fetch: Runs, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 17 * 1024 * 1024})())
    with pytest.raises(NoSpaceError, match=r"2\.\d\d MB are still to come"):
        fetch()
    assert servers.store.requests == []
    assert servers.portal.minted() == []


def test_a_new_version_for_which_there_is_no_room_leaves_the_old_one_as_it_was(
    fetch: Runs, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch()
    files = {**servers.portal.published.files, LARGE: b"another"}
    servers.portal.published = Published(files, LAYOUTS, key=servers.portal.published.key)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 0})())
    with pytest.raises(NoSpaceError):
        fetch()
    assert verify(fetch.root, fetch.pins, nobody)[0].is_sound


def test_what_is_left_of_another_release_makes_room(fetch: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    ReleaseFolder(fetch.root).prepare()
    (fetch.root / ".gatehouse/partial" / f"{'0' * 16}-{'0' * 16}").write_bytes(b"x" * 50 * BLOCK)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": KEPT_FREE_BYTES})())
    fetch()
    assert fetch.is_complete()


def test_a_damaged_file_is_planned_for_by_its_damaged_blocks_and_mended_on_a_disk_that_is_nearly_full(
    fetch: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch()
    with (fetch.root / LARGE).open("r+b") as file:
        file.seek(5 * BLOCK + 3)
        file.write(b"rot")
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": KEPT_FREE_BYTES + 2 * BLOCK})())
    outcome = fetch()
    assert outcome.plan.to_come_bytes == BLOCK
    assert fetch.is_complete()


def test_a_file_killed_on_the_way_to_its_place_needs_no_room(fetch: Runs) -> None:
    fetch()
    on_its_way_to_its_place(fetch, LARGE)
    assert fetch().plan.to_come_bytes == 0
