"""Frozen answers as people read them: each question with its label, choices in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from access_portal.applications.families import variants_of
from access_portal.applications.forms import POSITIONS, QUESTIONS, YES_NO, ApplicationForm
from access_portal.applications.models import Application

CHOICES = dict([*POSITIONS, *YES_NO])


@dataclass(frozen=True)
class Answer:
    """`long` texts keep their paragraphs; `link` is an address that the form has checked."""

    name: str
    label: str
    text: str
    long: bool = False
    link: str = ""


def answered(application: Application) -> Iterator[Answer]:
    """The questions of the form in its order, without those that were left empty."""
    names = {variant.slug: variant.name for variant in variants_of(application.family)}
    for name in QUESTIONS:
        value = application.answers.get(name)
        if value in (None, "", []):
            continue
        field = ApplicationForm.base_fields[name]
        text = ", ".join(names.get(slug, slug) for slug in value) if name == "sizes" else _in_words(field, value)
        yield Answer(name, str(field.label), text, isinstance(field.widget, forms.Textarea), _link(name, value))


def _in_words(field: forms.Field, value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(field, forms.ChoiceField):
        return str(CHOICES.get(value, value))
    return str(value)


def _link(name: str, value: Any) -> str:
    return f"https://orcid.org/{value}" if name == "orcid" else str(value) if name == "web_page" else ""
