"""Which files of a release are wanted, and where they lie on disk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from .errors import ManifestError, UsageError
from .manifest import File, Layout, Manifest


class Wanted(StrEnum):
    """Files for Meta's own loaders, for those of Hugging Face, or for both."""

    META = "meta"
    HF = "hf"
    ALL = "all"


@dataclass(frozen=True)
class Choice:
    """Patterns are of the shell (`*.json`) and match a path or its last part; none includes everything."""

    layout: Wanted
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def wants(self, file: File) -> bool:
        fits = self.layout == Wanted.ALL or file.layout in (Layout.ANY, self.layout.value)
        included = not self.include or _matches(file.path, self.include)
        return fits and included and not _matches(file.path, self.exclude)


def usual_layout(manifest: Manifest) -> Wanted:
    """Meta's where there is one, so that existing scripts find what they expect."""
    there = {file.layout for file in manifest.files}
    if Layout.META in there:
        return Wanted.META
    return Wanted.HF if Layout.HF in there else Wanted.ALL


def chosen(manifest: Manifest, choice: Choice) -> list[File]:
    """Sorted by path; raises UsageError when nothing is left, ManifestError when two cannot lie in one folder."""
    files = [file for file in manifest.files if choice.wants(file)]
    if not files:
        raise UsageError(
            "nothing_chosen",
            f"None of the {len(manifest.files)} files fits --layout, --include and --exclude.",
            "`gatehouse download … --dry-run --layout all` lists them.",
        )
    folders = {str(parent) for file in files for parent in PurePosixPath(file.path).parents}
    for file in files:
        if file.path in folders:
            raise ManifestError(
                "manifest_invalid", f"This manifest cannot be used: {file.path} is both a file and a folder in it."
            )
    return files


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    name = PurePosixPath(path).name
    return any(fnmatchcase(path, pattern) or fnmatchcase(name, pattern) for pattern in patterns)
