"""The house form, which asks in every family that has no form of its own; its first version comes with the software."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps

from access_portal.questionnaires.canonical import fingerprint

HOUSE_FORM = Path(__file__).with_name("house_form.json")


def house_definition() -> dict[str, Any]:
    """The definition that comes with the software."""
    definition: dict[str, Any] = json.loads(HOUSE_FORM.read_text(encoding="utf-8"))
    return definition


def make_house_form(*, using: str, apps: Apps = installed, **kwargs: Any) -> None:
    """After each migration and each flush: house form number 1, unless there is one or its table is not there yet."""
    try:
        form_version: Any = apps.get_model("questionnaires", "FormVersion")
    except LookupError:
        return
    forms = form_version.objects.using(using)
    if not forms.filter(family=None).exists():
        definition = house_definition()
        forms.create(number=1, definition=definition, sha256=fingerprint(definition))
