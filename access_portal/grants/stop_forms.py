"""What the office fills in to stop something."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import User
from access_portal.grants.models import Grant, Stop
from access_portal.grants.stops import LONGEST_REASON, Target

Scope = Stop.Scope
CONDITIONS = {"person": _("for one person"), "lab": _("for one lab"), "family": _("for one model family")}


class StopForm(forms.Form):
    """One of four things to stop, and why."""

    scope = forms.ChoiceField(label=_("What is to stop?"), choices=Scope.choices, widget=forms.RadioSelect)
    person = forms.CharField(
        label=_("Person"), help_text=_("Their user name, or an e-mail address."), required=False, max_length=254
    )
    lab = forms.CharField(
        label=_("Lab"), help_text=_("The number of its grant, such as GR-00012."), required=False, max_length=20
    )
    family: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label=_("Model family"), queryset=None, required=False, to_field_name="slug"
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Everybody concerned reads it in a mail, and wherever they are refused."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        table: Any = Grant._meta.get_field("family").related_model  # of `release`, which this room must not import
        chosen: Any = self.fields["family"]
        chosen.queryset, chosen.empty_label = table._default_manager.order_by("name"), _("Choose one")
        for name, condition in CONDITIONS.items():
            field: Any = self.fields[name]
            field.condition = condition  # said beside the label instead of “optional”

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "scope" in cleaned:
            cleaned["target"] = self._target(Scope(cleaned["scope"]), cleaned)
        return cleaned

    def _target(self, scope: Stop.Scope, cleaned: dict[str, Any]) -> Target:
        match scope:
            case Scope.PERSON:
                return Target(scope, user=self._person(cleaned.get("person", "").strip()))
            case Scope.LAB:
                return Target(scope, grant=self._lab(cleaned.get("lab", "").strip()))
            case Scope.FAMILY:
                family = cleaned.get("family")
                if family is None and "family" not in self.errors:
                    self.add_error("family", _("Choose the family."))
                return Target(scope, family_id=family.pk if family else None)
            case _:
                return Target(scope)

    def _person(self, words: str) -> User | None:
        found = User.objects.filter(Q(username=words.lower()) | Q(email__iexact=words)).first() if words else None
        if found is None:
            self.add_error("person", _("Nobody here has this user name or address."))
        return found

    def _lab(self, number: str) -> Grant | None:
        found = Grant.objects.filter(kind=Grant.Kind.LAB, number=number.upper()).first() if number else None
        if found is None:
            self.add_error("lab", _("No lab has a grant with this number."))
        return found


class LiftForm(forms.Form):
    """Why something may go on."""

    reason = forms.CharField(
        label=_("Why it may go on"), max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 2})
    )
