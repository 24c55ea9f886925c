"""`manage.py release card`: the model card as a file of the release, so that hashes and signature cover it too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils.translation import gettext as _

from release.catalogue.card_markdown import card_markdown
from release.client.manifest import Layout
from release.errors import ReleaseFilesError
from release.files import collect
from release.layout_of import layout_of
from release.management.naming import licence_version_named, variant_named
from release.models import Release
from release.staging import require_fit_version

NAME = "README.md"


def card(
    out: OutputWrapper, err: OutputWrapper, *, model: str, version: str, folder: Path, changelog: str, licence: str,
    **_options: Any,
) -> None:  # fmt: skip
    """Write it beside the files that are there, over nothing; raises ReleaseFilesError."""
    variant = variant_named(model)
    require_fit_version(version)
    release = Release(
        variant=variant,
        version=version,
        licence_version=licence_version_named(variant, licence),
        changelog=changelog.strip(),
    )
    for_transformers = any(layout_of(file.path) == Layout.HF for file in collect(folder))
    try:
        with (folder / NAME).open("x", encoding="utf-8", newline="\n") as file:
            file.write(card_markdown(release, for_transformers=for_transformers))
    except FileExistsError:
        raise ReleaseFilesError(
            "card_exists",
            _("There is a %(name)s in %(folder)s already.") % {"name": NAME, "folder": folder},
            _("It is left as it is. Take it away first if a new one should be made."),
        ) from None
    except OSError as error:
        raise ReleaseFilesError("folder_unusable", f"{error.filename}: {error.strerror}.") from error
    out.write(
        f"{folder / NAME} is the model card. Read it, change what you like, then: release stage {model} {version}"
    )
