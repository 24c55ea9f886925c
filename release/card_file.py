"""The model card as a file of a release that is about to be staged, so that hashes and signature cover it too."""

from __future__ import annotations

from pathlib import Path

from release.catalogue.card_markdown import card_markdown
from release.client.manifest import Layout
from release.files import collect
from release.layout_of import layout_of
from release.models import Release

NAME = "README.md"


def write_card(release: Release, folder: Path) -> Path:
    """Write it beside the files that are there, over nothing.

    `release` need not be in the database yet. Raises ReleaseFilesError for a folder that could not be staged either,
    FileExistsError, and OSError when the disk refuses.
    """
    for_transformers = any(layout_of(file.path) == Layout.HF for file in collect(folder))
    place = folder / NAME
    with place.open("x", encoding="utf-8", newline="\n") as file:
        file.write(card_markdown(release, for_transformers=for_transformers))
    return place
