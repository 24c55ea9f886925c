"""Fields that several forms of the cockpit have in common."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import Role, User
from access_portal.applications.forms import definition_of
from access_portal.applications.models import Application
from access_portal.applications.reasons import REASONS

LONGEST_TEXT = 4000


class VersionField(forms.Field):
    """The version of the case that was on the screen; what is no number is older than any."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> int:
        text = str(value or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def words(label: Any, *, rows: int = 3, hint: Any = "", required: bool = True, least: int = 1) -> forms.CharField:
    """A text that somebody reads."""
    area = forms.Textarea(attrs={"rows": rows, "dir": "auto"})
    return forms.CharField(
        label=label, required=required, min_length=least, max_length=LONGEST_TEXT, widget=area, help_text=hint
    )


def day(label: Any, *, hint: Any = "", required: bool = True) -> forms.DateField:
    """A calendar day."""
    return forms.DateField(
        label=label,
        required=required,
        help_text=hint,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


def reason_field(*, required: bool = True) -> forms.ChoiceField:
    """A reason of the list, with what it usually means for the applicant."""
    hints = {True: _("can be mended"), False: _("usually final")}
    choices = [(code, _Titled(reason.title, hints[reason.mends])) for code, reason in REASONS.items()]
    return forms.ChoiceField(label=_("Reason"), required=required, choices=[("", _("Choose…")), *choices])


class _Titled:
    """Two sentences in one, put together when they are read, in the language of the reader."""

    def __init__(self, title: Any, hint: Any) -> None:
        self.title, self.hint = title, hint

    def __str__(self) -> str:
        return f"{self.title} ({self.hint})"


def checklist_field(application: Application) -> forms.MultipleChoiceField:
    """The list of the form to tick; the command says which of it has to be ticked."""
    items = definition_of(application).checklist
    optional = _("if it applies")
    choices = [(item.id, str(item.text) if item.required else f"{item.text} ({optional})") for item in items]
    field = forms.MultipleChoiceField(
        label=_("Checklist"), required=False, choices=choices, widget=forms.CheckboxSelectMultiple
    )
    setattr(field, "condition", _("tick what you have checked"))  # noqa: B010 - read by partials/field.html
    return field


def colleagues(application: Application) -> forms.ModelChoiceField[User]:
    """Reviewers and deciders who could take the case over and have declared no conflict with it."""
    judges = User.objects.filter(is_active=True, roles__role__in=(Role.REVIEWER, Role.DECIDER)).distinct()
    near = Q(conflicts__application=application) | Q(conflicts__applicant=application.applicant_id)
    declared = User.objects.filter(near, conflicts__ended_at=None).values("pk")
    keep = judges.exclude(pk__in=[application.applicant_id, application.claimed_by_id or 0]).exclude(pk__in=declared)
    return forms.ModelChoiceField(label=_("To whom"), queryset=keep.order_by("full_name", "username"))
