"""The acceptance of a licence, as a form."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from access_portal.licences.models import LicenceAcceptance


class AcceptForm(forms.Form):
    """A ticked box, a capacity, and the hash of the text that was on the screen."""

    sha256 = forms.CharField(widget=forms.HiddenInput)
    capacity = forms.ChoiceField(
        label=_("I accept"), choices=LicenceAcceptance.Capacity.choices, widget=forms.RadioSelect, initial="self"
    )
    agree = forms.BooleanField(label=_("I have read this licence and I accept it."))
