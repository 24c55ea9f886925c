"""Names of files and folders are those that Git itself gives."""

from __future__ import annotations

import subprocess
from hashlib import sha1, sha256
from pathlib import Path

import pytest

from release.hub.objects import blob_id, etag, folder_ids, pointer
from release.models import Artifact

FILES = {
    "config.json": b"{}", "docs/use policy (final).txt": b"Be good.", "docs/deeper/note.txt": b"", "docs.txt": b"1",
    "docs-b": b"2", "a/b/c/d/e": b"3", "\u00e9/\u00fc.txt": b"4",
}  # fmt: skip


def _row(path: str, data: bytes, *, large: bool = False) -> Artifact:
    blob = sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
    digest = sha256(data).hexdigest()
    return Artifact(path=path, size_bytes=len(data), sha256=digest, git_sha1="" if large else blob)


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_files_and_folders_are_named_as_git_names_them(tmp_path: Path) -> None:
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", "-A")
    whole = _git(tmp_path, "write-tree").strip()
    listed = _git(tmp_path, "ls-tree", "-r", "-t", "-z", whole).split("\0")
    by_git = {path: meta.split()[2] for meta, path in (line.split("\t") for line in listed if line)}
    rows = [_row(path, data) for path, data in FILES.items()]
    ours = {row.path: blob_id(row) for row in rows} | folder_ids(rows)
    assert ours == {"": whole, **by_git}


@pytest.mark.parametrize(("size", "length"), [(1, 126), (24_088, 130), (25_000_000, 133), (10**11, 137)])
def test_a_large_file_is_named_by_the_pointer_to_it(size: int, length: int) -> None:
    row = Artifact(path="a", size_bytes=size, sha256="ab" * 32)
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize {size}\n".encode()
    assert (pointer(row), len(pointer(row))) == (text, length)
    assert blob_id(row) == sha1(f"blob {length}\0".encode() + text, usedforsecurity=False).hexdigest()
    assert etag(row) == "ab" * 32


def test_a_release_without_files_is_gits_empty_tree() -> None:
    assert folder_ids([]) == {"": "4b825dc642cb6eb9a060e54bf8d69288fbee4904"}
