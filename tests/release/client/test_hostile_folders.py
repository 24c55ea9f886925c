"""Folders that somebody arranged before us: links laid by hand, pipes, and notes of a narrower run."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from release.client.companion import TOKENIZER
from release.client.errors import NoSpaceError, RefusedError
from release.client.journal import Journal
from release.client.selection import Wanted
from release.client.verify import Findings, verify
from tests.release.client.conftest import PACE, Runs

LARGE = "consolidated.00.pth"


def check(fetch: Runs) -> Findings:
    return verify(fetch.root, fetch.pins, lambda event: None)[0]


@pytest.mark.parametrize("target", ["../tokenizer.model", None])
def test_a_tokenizer_that_is_linked_to_the_one_beside_stays(fetch: Runs, target: str | None) -> None:
    fetch()
    content = fetch.content(TOKENIZER)
    beside, own = fetch.folder / TOKENIZER, fetch.root / TOKENIZER
    own.unlink()
    own.symlink_to(target or beside)  # one copy for all sizes, as people arrange it
    fetch()
    assert (beside.read_bytes(), fetch.content(TOKENIZER)) == (content, content)


def test_a_tokenizer_that_is_a_link_is_put_beside_as_a_file(fetch: Runs, tmp_path: Path) -> None:
    fetch()
    content = fetch.content(TOKENIZER)
    (fetch.root / TOKENIZER).replace(fetch.root / "kept.model")
    (fetch.root / TOKENIZER).symlink_to("kept.model")
    (fetch.folder / TOKENIZER).unlink()
    fetch()
    assert (fetch.folder / TOKENIZER).read_bytes() == content


def test_what_a_narrower_run_did_not_ask_for_is_checked_where_it_is_there(fetch: Runs) -> None:
    fetch()
    fetch(include=("params.json",))
    assert (check(fetch).is_sound, check(fetch).not_chosen) == (True, 2)
    with (fetch.root / LARGE).open("r+b") as file:
        file.write(b"rot")
    assert check(fetch).damaged == (LARGE,)
    (fetch.root / LARGE).unlink()
    assert check(fetch).is_sound


def test_a_pipe_in_place_of_the_reports_is_not_waited_for(fetch: Runs) -> None:
    fetch()
    (fetch.root / "params.json").unlink()
    (fetch.root / ".gatehouse/reported").unlink()
    os.mkfifo(fetch.root / ".gatehouse/reported")

    def refused() -> None:
        with pytest.raises(RefusedError):
            fetch()

    run = threading.Thread(target=refused, daemon=True)
    run.start()
    run.join(20)
    assert not run.is_alive()


def test_a_folder_that_is_a_link_is_named_as_extra(fetch: Runs, tmp_path: Path) -> None:
    fetch()
    (fetch.root / "code").symlink_to(tmp_path)
    assert check(fetch).extra == ("code",)


def test_two_layouts_in_one_folder_are_both_checked(fetch: Runs) -> None:
    fetch()
    fetch(layout=Wanted.HF)
    found = verify(fetch.folder, fetch.pins, lambda event: None)
    assert [(each.folder.name, each.is_sound, each.extra) for each in found] == [
        ("weights", True, ()),
        ("7B", True, ()),
    ]
    with (fetch.root / LARGE).open("r+b") as file:
        file.write(b"rot")
    assert [each.damaged for each in verify(fetch.folder, fetch.pins, lambda event: None)] == [(), (LARGE,)]


def test_what_lies_deeper_is_extra_whatever_it_calls_itself(fetch: Runs) -> None:
    fetch()
    hidden = fetch.root / "docs/more"
    (hidden / ".gatehouse").mkdir(parents=True)
    (hidden / "code.py").write_bytes(b"")
    assert check(fetch).extra == ("docs/more/code.py",)


def test_a_disk_that_is_full_when_the_store_names_the_content_is_a_full_disk(
    fetch: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(journal: Journal, etag: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Journal, "add_etag", refuse)
    with pytest.raises(NoSpaceError):
        fetch(pace=replace(PACE, patience_seconds=0))
