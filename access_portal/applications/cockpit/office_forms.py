"""Forms of the office: how a family's cases are reviewed, and whom somebody stands too near to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import User
from access_portal.applications.cockpit.queue_form import positions
from access_portal.applications.commands.policing import RULES
from access_portal.applications.families import Family, variants_of
from access_portal.applications.models import ReviewPolicy
from access_portal.questionnaires.definition import Kind
from access_portal.questionnaires.families import all_families
from access_portal.questionnaires.parsing import parse
from access_portal.questionnaires.queries import current_form

MOST_DAYS = 3650


def _days(label: Any, hint: Any, *, least: int = 1) -> forms.IntegerField:
    return forms.IntegerField(label=label, help_text=hint, min_value=least, max_value=MOST_DAYS)


class PolicyForm(forms.Form):
    """All rules of one family."""

    eyes = forms.ChoiceField(label=_("Who decides"), choices=ReviewPolicy.Eyes.choices, widget=forms.RadioSelect)
    four_eyes_sizes = forms.MultipleChoiceField(
        label=_("Two people when one of these sizes is asked for"), required=False, widget=forms.CheckboxSelectMultiple
    )
    four_eyes_positions = forms.MultipleChoiceField(
        label=_("Two people when the applicant is one of these"), required=False, widget=forms.CheckboxSelectMultiple
    )
    target_days = _days(_("Days until we answer"), _("After that a case is overdue, and people are shown this number."))
    answer_days = _days(_("Days for an applicant to answer"), _("When something was asked."))
    draft_days = _days(_("Days until a draft lapses"), _("Since it was last written in."))
    cool_off_days = _days(_("Days before applying again"), _("After a refusal or a withdrawal; 0 is at once."), least=0)
    appeal_days = _days(_("Days for an appeal"), _("After a refusal."))
    retention_days = _days(
        _("Days until what was written is deleted"), _("After a case is closed. That it was decided stays on record.")
    )

    def __init__(self, data: QueryDict | None = None, *, family: Family) -> None:
        row = ReviewPolicy.objects.filter(family_id=family.pk).first() or ReviewPolicy(family_id=family.pk)
        super().__init__(data, auto_id="policy_%s", initial={name: getattr(row, name) for name in RULES})
        self._offer("four_eyes_sizes", [(variant.slug, variant.name) for variant in variants_of(family)])
        self._offer("four_eyes_positions", positions_of(family))
        for name in ("four_eyes_sizes", "four_eyes_positions"):
            setattr(self.fields[name], "condition", _("with “two people for some cases”"))  # noqa: B010 - see field.html

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = choices


class ConflictAboutForm(forms.Form):
    """A person, by user name or address, or everybody at a mail domain."""

    person = forms.CharField(
        label=_("A person"), required=False, max_length=254, help_text=_("Their user name or e-mail address here.")
    )
    domain = forms.CharField(
        label=_("Or everybody at a mail domain"),
        required=False,
        max_length=253,
        help_text=_("What stands behind the @ in their addresses, such as uni.example."),
        validators=[RegexValidator(r"^@?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$", _("This is no mail domain."))],
    )
    reason = forms.CharField(label=_("How you are connected"), required=False, max_length=300)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="conflict_%s")

    def clean_person(self) -> User | None:
        name = self.cleaned_data["person"].strip()
        if not name:
            return None
        found = User.objects.filter(email__iexact=name) if "@" in name else User.objects.filter(username=name.lower())
        person = found.first()
        if person is None:
            raise forms.ValidationError(_now("Nobody here has this name or address."))
        return person

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not data.get("person") and not data.get("domain"):
            self.add_error("person", _now("Name a person or a mail domain."))
        return data

    def about(self) -> dict[str, Any]:
        """As `declare_conflict` takes it."""
        return dict(self.cleaned_data)


def positions_of(family: Family) -> list[tuple[str, str]]:
    """The positions that the form of this family offers."""
    question = parse(current_form(family.pk).definition).question("position")
    if question is None or question.kind != Kind.CHOICE:
        return positions()
    return [(choice.value, str(choice.label)) for choice in question.choices]


def policies() -> list[tuple[Any, ReviewPolicy]]:
    """Every family with its rules, those of the software where it has none of its own."""
    own = {row.family_id: row for row in ReviewPolicy.objects.all()}
    return [(family, own.get(family.pk) or ReviewPolicy(family_id=family.pk)) for family in all_families()]
