"""The filters of the reports page as a form that is sent by GET."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.questionnaires.families import Family
from access_portal.reports.wanted import Wanted


class ReportForm(forms.Form):
    """Filled in with what is wanted; `Wanted.read` reads it."""

    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    family = forms.ChoiceField(label=_("Model"), required=False)

    def __init__(self, wanted: Wanted, families: Iterable[Family]) -> None:
        period = wanted.period
        super().__init__(
            auto_id="report_%s", initial={"since": period.since, "until": period.until, "family": wanted.family}
        )
        field = self.fields["family"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _now("all")), *((family.slug, family.name) for family in families)]
