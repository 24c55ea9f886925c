"""What is different between two releases of one size: files, licence text, and the numbers that a loader reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from release.errors import StorageError
from release.models import Artifact, Release
from release.storage import weights_store

PARAMETER_FILES = ("params.json", "config.json", "generation_config.json", "tokenizer_config.json")
LARGEST_READ = 100_000  # bytes; real ones have a few thousand
LONGEST_VALUE = 60  # characters


@dataclass(frozen=True)
class Parameter:
    """A number or word of a parameter file; empty on the side that lacks it."""

    path: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """`unread` are parameter files that differ and that could not be looked into."""

    before: Release
    after: Release
    added: Sequence[Artifact]
    removed: Sequence[Artifact]
    changed: Sequence[tuple[Artifact, Artifact]]
    same_count: int
    parameters: Sequence[Parameter]
    unread: Sequence[str]

    @property
    def licence_changed(self) -> bool:
        return self.before.licence_version_id != self.after.licence_version_id

    @property
    def is_empty(self) -> bool:
        """Whether a holder of the one has all of the other."""
        return not (self.added or self.removed or self.changed or self.licence_changed)


def compare(before: Release, after: Release) -> Comparison:
    """Files are told apart by path and SHA-256; the store is asked only for small parameter files that differ."""
    old = {artifact.path: artifact for artifact in before.artifacts.all()}
    new = {artifact.path: artifact for artifact in after.artifacts.all()}
    both = [path for path in old if path in new]
    changed = [(old[path], new[path]) for path in both if old[path].sha256 != new[path].sha256]
    parameters, unread = _parameters(changed)
    return Comparison(
        before,
        after,
        added=[artifact for path, artifact in new.items() if path not in old],
        removed=[artifact for path, artifact in old.items() if path not in new],
        changed=changed,
        same_count=len(both) - len(changed),
        parameters=parameters,
        unread=unread,
    )


def _parameters(changed: Sequence[tuple[Artifact, Artifact]]) -> tuple[list[Parameter], list[str]]:
    found: list[Parameter] = []
    unread: list[str] = []
    for old, new in changed:
        if PurePosixPath(new.path).name not in PARAMETER_FILES:
            continue
        before, after = _read(old), _read(new)
        if before is None or after is None:
            unread.append(new.path)
        else:
            found += _differing(new.path, before, after)
    return found, unread


def _differing(path: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Parameter]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield Parameter(path, _plain(name)[1:-1], _shown(before, name), _shown(after, name))


def _shown(values: dict[str, Any], name: str) -> str:
    return _plain(values[name]) if name in values else ""


def _plain(value: Any) -> str:
    """In ASCII with escapes, so that no word of the file can steer the terminal that shows it."""
    return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")[:LONGEST_VALUE]


def _read(artifact: Artifact) -> dict[str, Any] | None:
    """The content of a small JSON file; None when it is none, or cannot be had now."""
    if not 0 < artifact.size_bytes <= LARGEST_READ:
        return None
    try:
        content = json.loads(weights_store().read_range(artifact.storage_key, 0, artifact.size_bytes))
    except (StorageError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
