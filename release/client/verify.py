"""Is this folder what was published? Answered offline, by what the download kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .companion import TOKENIZER, tokenizer_differs
from .errors import ManifestError, RefusedError
from .events import Tell
from .evidence import kept
from .folder import RECORD, ReleaseFolder
from .manifest import File, Manifest
from .pins import Pins
from .plan import DAMAGED, MISSING, SOUND, Checker
from .selection import Choice, Wanted
from .wording import printable


@dataclass(frozen=True)
class Findings:
    """Of one release in its folder; paths are relative to it.

    `unpinned` is a key other than those that its server showed here before; `is_vouched` tells whether anything but
    the folder itself speaks for the key.
    """

    folder: Path
    model: str
    version: str
    signed_with: str
    unpinned: bool
    is_vouched: bool
    sound: tuple[str, ...]
    missing: tuple[str, ...]
    damaged: tuple[str, ...]
    extra: tuple[str, ...]
    not_chosen: int

    @property
    def is_sound(self) -> bool:
        return not (self.missing or self.damaged or self.unpinned)


def verify(folder: Path, pins: Pins, tell: Tell, keys: bytes | None = None) -> list[Findings]:
    """Of the release in `folder`, and of each in the folders in it; raises ManifestError or SignatureError.

    `keys` are the publisher's from elsewhere, to be used instead of those kept in the folder.
    """
    return [_verify(ReleaseFolder(root), pins, tell, keys) for root in _roots(folder)]


def _roots(folder: Path) -> list[Path]:
    within = sorted(path.parent for path in folder.glob(f"*/{RECORD}")) if folder.is_dir() else []
    found = [place for place in (folder, *within) if (place / RECORD).is_dir()]
    if not found:
        raise ManifestError(
            "evidence_missing",
            f"{folder} is not a folder that `gatehouse download` made: it has no {RECORD} in it.",
            "Name the folder of the download, or download into this one: files that are sound are kept.",
        )
    return found


def _verify(folder: ReleaseFolder, pins: Pins, tell: Tell, keys: bytes | None) -> Findings:
    evidence = kept(folder.record)
    evidence = evidence if keys is None else replace(evidence, keys=keys)
    manifest, key = evidence.believed()
    choice = _choice(folder)
    wanted = {file for file in manifest.files if choice.wants(file)} or set(manifest.files)
    chosen = [file for file in manifest.files if file in wanted or _is_there(folder, file)]
    known = pins.of(str(folder.noted().get("server", "")))
    lines = Checker(folder, chosen, tell).plan().lines
    states = {
        state: tuple(line.file.path for line in lines if line.state == state) for state in (SOUND, MISSING, DAMAGED)
    }
    beside = choice.layout == Wanted.META and tokenizer_differs(folder.root, manifest)
    return Findings(
        folder=folder.root,
        model=manifest.model,
        version=manifest.version,
        signed_with=key,
        unpinned=keys is None and bool(known) and key not in known,
        is_vouched=keys is not None or key in known,
        sound=states[SOUND],
        missing=states[MISSING],
        damaged=states[DAMAGED] + ((f"../{TOKENIZER}",) if beside else ()),
        extra=tuple(_extra(folder.root, manifest)),
        not_chosen=len(manifest.files) - len(chosen),
    )


def _choice(folder: ReleaseFolder) -> Choice:
    """As noted by the download; everything where nothing was."""
    noted = folder.noted()
    layout = noted.get("layout")
    include, exclude = (_texts(noted.get(name)) for name in ("include", "exclude"))
    return Choice(Wanted(layout) if layout in list(Wanted) else Wanted.ALL, include, exclude)


def _is_there(folder: ReleaseFolder, file: File) -> bool:
    """What a wider run brought is checked too. Behind a link nothing is of the release: that link is extra."""
    try:
        return os.path.lexists(folder.place(file))
    except RefusedError:
        return False


def _texts(noted: object) -> tuple[str, ...]:
    return tuple(str(each) for each in noted) if isinstance(noted, list) else ()


def _extra(root: Path, manifest: Manifest) -> Iterator[str]:
    """Files and links that the release does not have; they may be the user's own. A folder in it may be a release."""
    known = {file.path for file in manifest.files}
    for place, folders, names in os.walk(root):
        if Path(place) == root:
            folders[:] = [name for name in folders if name != RECORD and not (root / name / RECORD).is_dir()]
        folders.sort()
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in sorted(names + links):
            path = Path(place, name).relative_to(root).as_posix()
            if path not in known:
                yield printable(path)
