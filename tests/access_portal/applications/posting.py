"""What a browser would post."""

from __future__ import annotations

from typing import Any

from access_portal.applications.models import Application
from release.models import Family
from tests.access_portal.applications.scenes import ANSWERS


def as_posted(answers: dict[str, Any]) -> dict[str, Any]:
    """A ticked box as browsers send it, and no box that is not ticked."""
    ticked = {name: "on" if value is True else value for name, value in answers.items()}
    return {
        name: value if isinstance(value, list) or hasattr(value, "read") else str(value)
        for name, value in ticked.items()
        if value is not False and value is not None
    }


def filled_in(application: Application, **changes: Any) -> dict[str, Any]:
    """The form with good answers, as the page of this version of the application would send it."""
    return {"version": str(application.version), **as_posted({**ANSWERS, **changes})}


def sending(application: Application, family: Family | None = None, **changes: Any) -> dict[str, Any]:
    """The last step, with the current licence on the screen."""
    licence = (family or application.family).weights_licence.versions.latest("published_at")
    shown = {"version": application.version, "licence_version": licence.pk, "licence_sha256": licence.sha256}
    return {name: str(value) for name, value in {**shown, "agree": "on", **changes}.items() if value != ""}
