"""What a person says on the page of a program that asks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.devices.codes import in_two, typed
from access_portal.accounts.devices.models import DeviceRequest
from access_portal.accounts.devices.queries import offered
from access_portal.accounts.models import User
from access_portal.accounts.tokens import LONGEST_DAYS


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code that your program shows"),
        max_length=100,
        help_text=_("Eight letters, as in WDJB-MJHT. Small letters will do; the hyphen can be left out."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        """Raises ValidationError for what no code looks like, which is no guess."""
        code = typed(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError(_("A code has eight letters, none of them a vowel."))
        return code


class AnswerForm(forms.Form):
    """What the program gets, at most what it asked for; the fields are arguments of `commands.allow`."""

    code = forms.CharField(max_length=100, widget=forms.HiddenInput)
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("It asked for these. Take away what it does not need."),
    )
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("By which you know it again in the list of your tokens.")
    )
    days = forms.IntegerField(
        label=_("Days until it ends"), min_value=1, max_value=LONGEST_DAYS, help_text=_("From 1 to 365.")
    )
    mine = forms.BooleanField()

    def __init__(self, asked: DeviceRequest, person: User, code: str, data: Any = None) -> None:
        given = offered(asked, person)
        first = {"code": code, "scopes": given, "name": asked.client_name, "days": 90}
        super().__init__(data, initial=first)
        self.fields["scopes"].choices = [(scope.value, scope.label) for scope in given]  # type: ignore[attr-defined]
        self.fields["mine"].label = _("I began this myself just now, and my program shows the code %(code)s.") % {
            "code": in_two(code)
        }
