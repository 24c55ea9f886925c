"""The acceptance of a licence, and its publication, as forms."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from access_portal.licences.models import LicenceAcceptance
from access_portal.licences.soundness import LONGEST_TEXT

LARGEST_UPLOAD = 4 * LONGEST_TEXT  # bytes; a character takes up to four


class AcceptForm(forms.Form):
    """A ticked box, a capacity, and the hash of the text that was on the screen."""

    sha256 = forms.CharField(widget=forms.HiddenInput)
    capacity = forms.ChoiceField(
        label=_("I accept"), choices=LicenceAcceptance.Capacity.choices, widget=forms.RadioSelect, initial="self"
    )
    agree = forms.BooleanField(label=_("I have read this licence and I accept it."))


class PublishForm(forms.Form):
    """A new version of a licence: typed, pasted or from a file, and looked at before it is published."""

    number = forms.CharField(
        label=_("Number of the version"), max_length=20, help_text=_("As people will cite it, for example 1.1.")
    )
    language = forms.CharField(
        label=_("Language of the text"), max_length=8, initial="en", help_text=_("Its code, such as en or ms.")
    )
    text = forms.CharField(
        label=_("Text"),
        required=False,
        strip=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "true"}),
        help_text=_(
            "In Markdown. Paste it here, or choose a file below, which then takes the place of what stands here."
        ),
    )
    upload = forms.FileField(
        label=_("Or a file"),
        required=False,
        help_text=_("A Markdown or plain text file in UTF-8."),
        widget=forms.ClearableFileInput(attrs={"accept": ".md,.txt,text/markdown,text/plain"}),
    )
    summary = forms.CharField(
        label=_("In plain words"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One sentence on each line, shown beside the text. It helps to read it and is no part of it."),
    )
    reconsent_by = forms.DateField(
        label=_("People accept it again by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_(
            "Until the end of this day (UTC) whoever accepted an older text keeps what they have; afterwards they have "
            "to accept this one first. We remind them 14 and 3 days before and at the end. Leave it empty if "
            "nobody has to accept again."
        ),
    )
    previewed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        setattr(self.fields["text"], "condition", _("or choose a file below"))  # noqa: B010 - forms know no such attribute

    def clean_upload(self) -> str:
        """The text of the file; its name and the type that it claims do not count."""
        upload = self.cleaned_data["upload"]
        if not isinstance(upload, UploadedFile):
            return ""
        if (upload.size or 0) > LARGEST_UPLOAD:
            raise ValidationError(_("This file is too large for a licence."))
        try:
            return bytes(upload.read()).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValidationError(_("This file is not text in UTF-8.")) from error

    def clean_summary(self) -> list[str]:
        """The sentences, one from each line that says something."""
        return [line.strip() for line in self.cleaned_data["summary"].splitlines() if line.strip()]

    def clean_reconsent_by(self) -> datetime | None:
        """The last minute of the day."""
        day = self.cleaned_data["reconsent_by"]
        return None if day is None else datetime.combine(day, time(23, 59), UTC)

    def clean(self) -> dict[str, Any]:
        """The text from wherever it came, with the line ends that we keep: browsers send others."""
        super().clean()
        data = self.cleaned_data
        text = data.get("upload") or data.get("text") or ""
        data["text"] = text.replace("\r\n", "\n").replace("\r", "\n")
        if not data["text"].strip() and not self.errors.keys() & {"text", "upload"}:
            self.add_error("text", _("Paste the text or choose a file."))
        return data
