"""The files of a release by the loader that they are for, with what each loader needs in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from release.client.manifest import Layout
from release.models import Artifact

TITLES: dict[Layout, tuple[str | Promise, str | Promise]] = {
    Layout.META: (
        _("Meta's layout"),
        _("For Meta's own code and for programs that read consolidated.*.pth with params.json."),
    ),
    Layout.HF: (
        _("Hugging Face layout"),
        _("For transformers and for everything that reads safetensors with config.json."),
    ),
    Layout.ANY: (_("For every loader"), _("Needed whichever of the layouts you choose.")),
}


@dataclass(frozen=True)
class FileGroup:
    """Files of one layout; `with_shared_bytes` counts what every loader needs as well."""

    layout: Layout
    title: str | Promise
    lead: str | Promise
    artifacts: Sequence[Artifact]
    total_bytes: int
    with_shared_bytes: int


def file_groups(artifacts: Sequence[Artifact]) -> list[FileGroup]:
    """In the order in which one chooses; a layout without files is left out."""
    of = {layout: [each for each in artifacts if each.layout == layout] for layout in TITLES}
    shared = _bytes_of(of[Layout.ANY])
    return [
        FileGroup(layout, *TITLES[layout], found, size, size if layout == Layout.ANY else size + shared)
        for layout, found in of.items()
        if found
        for size in [_bytes_of(found)]
    ]


def layouts_of(groups: Sequence[FileGroup]) -> list[FileGroup]:
    """The layouts that one can choose between."""
    return [group for group in groups if group.layout != Layout.ANY]


def _bytes_of(artifacts: Sequence[Artifact]) -> int:
    return sum(artifact.size_bytes for artifact in artifacts)
