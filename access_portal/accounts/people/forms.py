"""Forms with which the office changes an account; each says the arguments of its command."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.closing import LONGEST_WORDS, Reason
from access_portal.accounts.models import Role

WORDS = _("They stand in the mail to the person.")


class RoleForm(forms.Form):
    """Which role to give."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class CloseForm(forms.Form):
    """Why sign-in is closed."""

    reason = forms.ChoiceField(label=_("Reason"), choices=Reason.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("Words for them"),
        help_text=WORDS,
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea({"rows": 3}),
    )


class ReopenForm(forms.Form):
    """What to say when it is opened again."""

    words = forms.CharField(
        label=_("Words for them"),
        help_text=WORDS,
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea({"rows": 3}),
    )


class SureForm(forms.Form):
    """Nothing to say, but one has to mean it."""

    sure = forms.BooleanField(label=_("Yes, I mean this account"))
