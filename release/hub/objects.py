"""Names that Git would give to the files and folders of a release; clients check their copies by them. Pure.

A large file is in Git as a small text that points to it by its SHA-256 (Git LFS); a file without a Git name of its own
counts as large.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha1
from pathlib import PurePosixPath

from release.models import Artifact


def is_large(artifact: Artifact) -> bool:
    """Whether clients are told its SHA-256, as of a file in Git LFS."""
    return not artifact.git_sha1


def pointer(artifact: Artifact) -> bytes:
    """The text that stands for a large file."""
    named = f"oid sha256:{artifact.sha256}\nsize {artifact.size_bytes}\n"
    return f"version https://git-lfs.github.com/spec/v1\n{named}".encode()


def object_id(kind: str, content: bytes) -> str:
    """40 hexadecimal digits; `kind` is blob or tree."""
    return sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def blob_id(artifact: Artifact) -> str:
    """Of the file, or of the pointer to it."""
    return artifact.git_sha1 or object_id("blob", pointer(artifact))


def etag(artifact: Artifact) -> str:
    """By which caches name the content: the SHA-256 of a large file, else Git's name."""
    return artifact.git_sha1 or artifact.sha256


def folder_ids(artifacts: Iterable[Artifact]) -> dict[str, str]:
    """The id of every folder by its path; that of the whole is under the empty one."""
    below: dict[str, dict[str, str]] = defaultdict(dict)  # folder -> line of Git's tree (mode and name) -> object id
    below[""] = {}
    for artifact in artifacts:
        path = PurePosixPath(artifact.path)
        below[_key(path.parent)][f"100644 {path.name}"] = blob_id(artifact)
        for parent in path.parents:
            below[_key(parent)]  # a folder of folders only exists too
    ids: dict[str, str] = {}
    for folder in sorted(below, key=lambda path: path.count("/") if path else -1, reverse=True):
        ids[folder] = object_id("tree", _tree(below[folder]))
        if folder:
            path = PurePosixPath(folder)
            below[_key(path.parent)][f"40000 {path.name}"] = ids[folder]
    return ids


def _tree(entries: dict[str, str]) -> bytes:
    """Git sorts a folder as if its name ended in a slash."""

    def order(line: str) -> bytes:
        mode, _, name = line.partition(" ")
        return (name + ("/" if mode == "40000" else "")).encode()

    return b"".join(line.encode() + b"\0" + bytes.fromhex(entries[line]) for line in sorted(entries, key=order))


def _key(folder: PurePosixPath) -> str:
    return "" if folder == PurePosixPath(".") else str(folder)
