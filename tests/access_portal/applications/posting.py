"""What a browser would post."""

from __future__ import annotations

from typing import Any

from release.models import Family
from tests.access_portal.applications.scenes import ANSWERS


def filled_in(family: Family, **changes: Any) -> dict[str, Any]:
    """The application form with good answers; an unticked box is not sent, as browsers do."""
    version = family.weights_licence.versions.latest("published_at")
    shown = {"licence_version": str(version.pk), "licence_sha256": version.sha256, "agree": "on"}
    ticked = {name: "on" if value is True else value for name, value in ANSWERS.items()}
    posted = {**ticked, **shown, **changes}
    return {name: value if isinstance(value, list) else str(value) for name, value in posted.items() if value != ""}
