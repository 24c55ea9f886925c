"""`manage.py release convert`: the other layout of a folder of weights, written beside the first or elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils.translation import gettext as _

from release.client.manifest import Layout
from release.errors import ReleaseFilesError
from release.layouts.converting import to_hf, to_meta
from release.layouts.errors import ConversionRefusedError, Unloadable
from release.management.progress import ProgressLine

NAMES = {Layout.HF: "Hugging Face's layout", Layout.META: "Meta's layout"}


def convert(
    out: OutputWrapper,
    err: OutputWrapper,
    *,
    folder: Path,
    layout: str,
    target: Path | None,
    shards: int,
    context: int | None,
    **_options: Any,
) -> None:
    """Write all files of the layout or none; raises ReleaseFilesError."""
    place = target or folder
    with ProgressLine(err, "Writing") as progress:
        try:
            if layout == Layout.HF:
                to_hf(folder, place, context_tokens=context, progress=progress)
            else:
                to_meta(folder, place, shards=shards, progress=progress)
        except Unloadable as finding:
            raise ReleaseFilesError(
                "checkpoint_unloadable", f"{finding}.", _("Nothing was written. Repair the files and convert again."),
                path=finding.file,
            ) from finding  # fmt: skip
        except ConversionRefusedError as refused:
            raise ReleaseFilesError("conversion_refused", str(refused)) from refused
        except OSError as error:
            raise ReleaseFilesError("folder_unusable", f"{error.filename}: {error.strerror}.") from error
    out.write(f"{place} now holds {NAMES[Layout(layout)]} too. release stage checks both together.")


def positive(value: str) -> int:
    """For arguments; argparse turns the error into a message."""
    if not value.isdecimal() or not int(value):
        raise ValueError
    return int(value)
