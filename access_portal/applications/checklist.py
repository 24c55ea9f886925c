"""The list that a reviewer ticks before a case is recommended or decided alone."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from access_portal.applications.forms import definition_of
from access_portal.applications.models import Application
from access_portal.errors import InvalidError


def require_checked(application: Application, checked: Collection[str]) -> list[str]:
    """The ticked items that the form knows; raises InvalidError `checklist_open` when a required one is missing."""
    items = definition_of(application).checklist
    missing = [item for item in items if item.required and item.id not in checked]
    if missing:
        items_missing = "; ".join(str(item.text) for item in missing)
        raise InvalidError("checklist_open", _("Not checked yet: %(item)s") % {"item": items_missing}, field="checked")
    return [item.id for item in items if item.id in checked]
