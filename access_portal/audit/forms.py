"""The filters of the event log."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from access_portal.audit.log import Asked

DAY = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class AskForm(forms.Form):
    """Everything is optional; what cannot be understood is said beside its field."""

    subject = forms.CharField(
        label=_("Subject"), required=False, max_length=80, help_text=_("For example GH-2026-00001, GR-00001 or user:7.")
    )
    name = forms.CharField(
        label=_("Event"), required=False, max_length=60, help_text=_("Its name or how it begins: role_, approved.")
    )
    actor = forms.CharField(label=_("Who did it"), required=False, max_length=39, help_text=_("A user name."))
    since = forms.DateField(label=_("From"), required=False, widget=DAY)
    until = forms.DateField(label=_("Until"), required=False, widget=DAY)

    def asked(self) -> Asked:
        """What is asked for; a wrong field asks for nothing."""
        self.full_clean()
        said = {name: value for name, value in self.cleaned_data.items() if value}
        return Asked(**said)
