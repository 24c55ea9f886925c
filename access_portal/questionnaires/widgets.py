"""How questions look as inputs."""

from __future__ import annotations

from typing import Any

from django import forms

from access_portal.questionnaires import files
from access_portal.questionnaires.definition import Kind, Question


class AttachmentInput(forms.ClearableFileInput):
    """A file input that names the file of last time and offers to remove it."""

    template_name = "questionnaires/attachment_input.html"

    def is_initial(self, value: Any) -> bool:
        return isinstance(value, dict) and "name" in value

    def format_value(self, value: Any) -> Any:
        return value if self.is_initial(value) else None

    def value_from_datadict(self, data: Any, sent: Any, name: str) -> Any:
        upload = (sent or {}).get(name)
        cleared = forms.CheckboxInput().value_from_datadict(data, sent, self.clear_checkbox_name(name))
        return upload if upload is not None else False if cleared else None


def widget_for(question: Question) -> forms.Widget:
    """The input for a question."""
    attrs = {"autocomplete": question.autocomplete} if question.autocomplete else {}
    match question.kind:
        case Kind.LONG_TEXT:
            return forms.Textarea({"rows": _rows(question)})
        case Kind.CHOICE | Kind.YES_NO:
            return forms.RadioSelect()
        case Kind.CHOICES | Kind.SIZES:
            return forms.CheckboxSelectMultiple()
        case Kind.CHECKBOX:
            return forms.CheckboxInput()
        case Kind.EMAIL:
            return forms.EmailInput(attrs)
        case Kind.URL:
            return forms.URLInput(attrs)
        case Kind.INTEGER:  # not type=number, which would swallow what it does not understand
            return forms.TextInput({"inputmode": "numeric", **attrs})
        case Kind.COUNTRY:
            return forms.TextInput({"list": "countries", **attrs})
        case Kind.FILE:
            return AttachmentInput({"accept": files.extensions(question)})
        case _:
            return forms.TextInput(attrs)


def _rows(question: Question) -> int:
    return 10 if (question.max_characters or 0) > 3_000 else 4
