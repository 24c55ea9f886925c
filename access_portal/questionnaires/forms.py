"""The page on which a form is published."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from access_portal.errors import InvalidError
from access_portal.questionnaires import limits
from access_portal.questionnaires.canonical import fingerprint
from access_portal.questionnaires.families import Family, all_families, family_with_slug
from access_portal.questionnaires.parsing import parse_json

MOST_BYTES = 4 * limits.JSON_CHARACTERS  # UTF-8 takes at most four for each


class PublishForm(forms.Form):
    """A definition as text or as a file, which counts more; `looked_at` is the fingerprint of what was shown."""

    family = forms.ChoiceField(
        label=_("Whose form"), required=False, help_text=_("The house form asks in families without their own.")
    )
    definition = forms.CharField(
        label=_("Definition"),
        required=False,
        widget=forms.Textarea({"rows": 24, "spellcheck": "false", "class": "mono"}),
        help_text=_("JSON, as the reference page “Form definitions” describes it."),
    )
    upload = forms.FileField(
        label=_("Or a file"),
        required=False,
        widget=forms.FileInput({"accept": ".json"}),
        help_text=_("A JSON file is used in place of the text above."),
    )
    looked_at = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["family"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", _("House form")), *((family.slug, family.name) for family in all_families())]

    def clean(self) -> dict[str, Any]:
        """The text becomes a definition, or an error names the place in it."""
        super().clean()
        field = "upload" if self.cleaned_data.get("upload") else "definition"
        try:
            document, definition = parse_json(self._text())
        except InvalidError as error:
            self.add_error(field, error.explanation)
        else:
            self.cleaned_data.update(document=document, parsed=definition, sha256=fingerprint(document))
        return self.cleaned_data

    def family_chosen(self) -> Family | None:
        """None is the house."""
        return family_with_slug(self.cleaned_data["family"]) if self.cleaned_data["family"] else None

    def was_looked_at(self) -> bool:
        """Whether this very definition was on the page before."""
        return bool(self.cleaned_data["looked_at"] == self.cleaned_data["sha256"])

    def _text(self) -> str:
        upload = self.cleaned_data.get("upload")
        if not upload:
            return str(self.cleaned_data.get("definition") or "")
        try:
            return str(upload.read(MOST_BYTES + 1).decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ValidationError({"upload": _("This file is not text in UTF-8.")}) from error
