"""Folders that are to be released: whatever else lies in them is refused before a byte is read."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from release.errors import ReleaseFilesError
from release.files import MAX_FILE_BYTES, MAX_FILES, checkpoint_folder, collect
from release.fingerprint import Fingerprint, fingerprint, read_part

TERABYTE = 1 << 40


def _refusal(folder: Path) -> ReleaseFilesError:
    with pytest.raises(ReleaseFilesError) as refused:
        collect(folder)
    return refused.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files" / "sub").mkdir(parents=True)
    (tmp_path / "files" / "a.txt").write_text("a")
    (tmp_path / "files" / "sub" / "b.txt").write_text("b")
    return tmp_path / "files"


def test_files_come_sorted_with_paths_that_are_the_same_everywhere(folder: Path) -> None:
    assert [(file.path, file.size_bytes) for file in collect(folder)] == [("a.txt", 1), ("sub/b.txt", 1)]


def test_a_sparse_file_of_a_terabyte_is_refused_without_reading_it(folder: Path) -> None:
    with (folder / "consolidated.00.pth").open("wb") as file:
        file.truncate(TERABYTE)
    refused = _refusal(folder)
    assert (refused.code, refused.path) == ("file_unfit", "consolidated.00.pth")
    assert f"{MAX_FILE_BYTES:,}" in refused.explanation


def _fifo(folder: Path) -> None:
    os.mkfifo(folder / "odd")


def _device(folder: Path) -> None:
    (folder / "odd").symlink_to("/dev/zero")


def _socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(folder)
        made.bind("odd")
        os.chdir(here)


def _link(folder: Path) -> None:
    (folder / "odd").symlink_to(folder / "a.txt")


def _linked_folder(folder: Path) -> None:
    (folder / "odd").symlink_to(folder / "sub")


def _dangling(folder: Path) -> None:
    (folder / "odd").symlink_to("nowhere")


@pytest.mark.parametrize("make", [_fifo, _device, _socket, _link, _linked_folder, _dangling])
def test_what_is_no_plain_file_is_named_and_never_opened(folder: Path, make: Callable[[Path], None]) -> None:
    make(folder)
    refused = _refusal(folder)
    assert (refused.code, refused.path) == ("file_unfit", "odd")


@pytest.mark.parametrize(
    "name",
    ["re\u0301sume\u0301.txt", "a\nb", ".hidden", "trailing ", "q?.txt", "\u202etxt.exe", "a" * 201, "back\\slash"],
)
def test_names_that_not_every_system_can_hold_are_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("x")
    assert _refusal(folder).code == "file_unfit"


def test_a_name_that_is_no_text_is_refused(folder: Path) -> None:
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe"))).write_text("x")
    assert _refusal(folder).code == "file_unfit"


@pytest.mark.parametrize(
    ("one", "other"),
    [("README.md", "readme.md"), ("sub/B.txt", "sub/b.txt"), ("SUB/c.txt", "sub/b.txt"), ("Sub", "sub/b.txt")],
)
def test_names_that_differ_by_capitals_only_are_refused(tmp_path: Path, one: str, other: str) -> None:
    for name in (one, other):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    refused = _refusal(tmp_path)
    assert "capitals" in refused.explanation


def test_one_file_too_many_is_refused_and_as_many_as_allowed_are_not(tmp_path: Path) -> None:
    for number in range(MAX_FILES):
        (tmp_path / f"{number:04d}").touch()
    assert len(collect(tmp_path)) == MAX_FILES
    (tmp_path / "more").touch()
    assert _refusal(tmp_path).code == "file_count"


def test_a_folder_of_folders_holds_no_files(tmp_path: Path) -> None:
    (tmp_path / "empty" / "emptier").mkdir(parents=True)
    assert _refusal(tmp_path).code == "file_count"


def test_a_folder_that_cannot_be_listed_is_named_and_not_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)  # where the way to it is closed to others as well
    (folder / "sub").chmod(0)
    me = os.geteuid()
    try:
        if me == 0:
            os.seteuid(65534)  # no permission stops root
        refused = _refusal(Path())
    finally:
        os.seteuid(me)
    assert refused.code == "folder_unreadable"
    assert "sub cannot be listed: Permission denied" in refused.explanation


def test_folders_within_folders_without_end_are_refused(folder: Path) -> None:
    deep = folder
    for _ in range(300):
        deep /= "d"
    deep.mkdir(parents=True)
    assert _refusal(folder).code == "file_unfit"


@pytest.mark.parametrize(
    ("names", "place"),
    [
        (["params.json", "tokenizer.model"], "."),
        (["7B/params.json", "tokenizer.model"], "7B"),  # as Meta ships it
        (["config.json", "tokenizer.json"], "."),
        (["config.json", "params.json", "tokenizer.model"], "."),
    ],
)
def test_the_weights_lie_beside_their_parameters_in_either_layout_or_both(
    tmp_path: Path, names: list[str], place: str
) -> None:
    _touch(tmp_path, names)
    assert checkpoint_folder(collect(tmp_path)) == tmp_path / place


@pytest.mark.parametrize(
    "names",
    [
        ["tokenizer.model"],
        ["params.json"],
        ["params.json", "copy/params.json", "tokenizer.model"],
        ["config.json", "copy/config.json", "tokenizer.model"],
        ["params.json", "hf/config.json", "tokenizer.model"],
        ["params.json", "tokenizer.model", "hf/tokenizer.model"],
    ],
)
def test_folders_in_which_the_model_is_not_one_are_refused(tmp_path: Path, names: list[str]) -> None:
    _touch(tmp_path, names)
    with pytest.raises(ReleaseFilesError) as refused:
        checkpoint_folder(collect(tmp_path))
    assert refused.value.code == "model_files"


def _touch(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()


def _written_to(path: Path) -> None:
    path.write_text("b")


def _written_to_with_its_time_put_back(path: Path) -> None:
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # a clock of some systems ticks slowly
        path.write_text("b")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _grown(path: Path) -> None:
    with path.open("a") as file:
        file.write("more")


def _replaced(path: Path) -> None:
    path.with_name("new").write_text("a")
    path.with_name("new").replace(path)


@pytest.mark.parametrize("change", [_written_to, _written_to_with_its_time_put_back, _grown, _replaced])
def test_a_file_that_is_not_the_one_that_was_collected_is_refused(folder: Path, change: Callable[[Path], None]) -> None:
    [file, _] = collect(folder)
    change(file.source)
    with pytest.raises(ReleaseFilesError) as refused:
        fingerprint(file)
    assert (refused.value.code, refused.value.path) == ("file_changed", "a.txt")


def _gone(path: Path) -> None:
    path.unlink()


def _a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("change", "code"), [(_gone, "file_unreadable"), (_a_pipe, "file_changed"), (_a_link, "file_unreadable")]
)
def test_what_was_a_plain_file_a_moment_ago_is_neither_followed_nor_waited_for(
    folder: Path, change: Callable[[Path], None], code: str
) -> None:
    [file, _] = collect(folder)
    change(file.source)
    with pytest.raises(ReleaseFilesError) as refused:
        fingerprint(file)
    assert refused.value.code == code


def test_a_part_that_is_not_what_was_hashed_is_refused_though_the_stamp_says_nothing(folder: Path) -> None:
    [file, _] = collect(folder)
    known = fingerprint(file)
    assert read_part(file, 1, known) == b"a"
    with pytest.raises(ReleaseFilesError) as refused:
        read_part(file, 1, Fingerprint(known.digests, known.git_sha1, (b"\0" * 16,)))
    assert refused.value.code == "file_changed"
