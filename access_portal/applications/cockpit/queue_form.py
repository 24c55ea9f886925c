"""The filters of the queue as a form that is sent by GET."""

from __future__ import annotations

from functools import cache

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.applications.cockpit.wanted import Sort, View, Wanted
from access_portal.applications.signals import TITLES
from access_portal.questionnaires.definition import Choice
from access_portal.questionnaires.families import all_families
from access_portal.questionnaires.house import house_definition
from access_portal.questionnaires.parsing import parse


class QueueForm(forms.Form):
    """Filled in with what is wanted; `Wanted.read` reads it."""

    view = forms.CharField(widget=forms.HiddenInput)
    text = forms.CharField(label=_("Number, name or institution"), required=False, max_length=200)
    family = forms.ChoiceField(label=_("Model"), required=False)
    position = forms.ChoiceField(label=_("Position"), required=False)
    country = forms.CharField(label=_("Country"), required=False, max_length=100)
    signal = forms.ChoiceField(label=_("Signal"), required=False)
    days = forms.IntegerField(label=_("At least … days old"), required=False, min_value=0)
    sort = forms.ChoiceField(label=_("Order"), choices=Sort.choices)

    def __init__(self, wanted: Wanted) -> None:
        values = {name: getattr(wanted, name) or "" for name in self.base_fields}
        super().__init__(auto_id="queue_%s", initial=values)
        any_ = ("", _now("any"))
        self._offer("family", [any_, *((family.slug, family.name) for family in all_families())])
        self._offer("position", [any_, *positions()])
        self._offer("signal", [any_, *((kind, _now(title)) for kind, title in TITLES.items())])
        if wanted.view in (View.DECIDED, View.ALL):
            self._offer("sort", [choice for choice in Sort.choices if choice[0] != Sort.DUE])
        self.fields["text"].widget.attrs["data-search"] = "1"
        self.fields["country"].widget.attrs["list"] = "countries"

    def _offer(self, name: str, choices: list[tuple[str, str | Promise]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


def positions() -> list[tuple[str, str]]:
    """Those of the house form; other forms may ask for others, which are found by address."""
    return [(choice.value, str(choice.label)) for choice in _of_the_house()]


@cache
def _of_the_house() -> tuple[Choice, ...]:
    question = parse(house_definition()).question("position")
    return question.choices if question is not None else ()
