"""`manage.py release card`: the model card, written before the folder is staged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils.translation import gettext as _

from release.card_file import NAME, write_card
from release.errors import ReleaseFilesError
from release.management.naming import licence_version_named, variant_named
from release.models import Release
from release.staging import require_fit_version


def card(
    out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, folder: Path, changelog: str, licence: str,
    **_options: Any,
) -> None:  # fmt: skip
    """Write it over nothing that is there; raises ReleaseFilesError."""
    variant = variant_named(model)
    require_fit_version(version)
    release = Release(
        variant=variant,
        version=version,
        licence_version=licence_version_named(variant, licence),
        changelog=changelog.strip(),
    )
    try:
        place = write_card(release, folder)
    except FileExistsError:
        raise ReleaseFilesError(
            "card_exists",
            _("There is a %(name)s in %(folder)s already.") % {"name": NAME, "folder": folder},
            _("It is left as it is. Take it away first if a new one should be made."),
        ) from None
    except OSError as error:
        raise ReleaseFilesError("folder_unusable", f"{error.filename}: {error.strerror}.") from error
    out.write(f"{place} is the model card. Read it, change what you like, then: release stage {model} {version}")
