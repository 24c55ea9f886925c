"""What the person named is asked."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.names import one_line
from access_portal.references.commands import LONGEST_COMMENT
from access_portal.references.models import Reference


class AnswerForm(forms.Form):
    """Nothing is chosen beforehand: an answer is an act."""

    verdict = forms.ChoiceField(
        label=_("Your answer"),
        choices=Reference.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the answers.")},
    )
    comment = forms.CharField(
        label=_("Anything to add"),
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Only our reviewers read it."),
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Write your name.")},
    )

    def clean_name(self) -> str:
        """A name is part of sentences, so it is kept on one line."""
        return one_line(self.cleaned_data["name"])
