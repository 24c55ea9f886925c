"""What a reviewer fills in: hand over, ask, note, write, judge, recommend, stand back."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.applications.cockpit.act_form import ActForm, VersionForm
from access_portal.applications.cockpit.canned import QUESTIONS
from access_portal.applications.cockpit.fields import checklist_field, colleagues, day, reason_field, words
from access_portal.applications.commands import Ask
from access_portal.applications.forms import definition_of
from access_portal.applications.models import Verdict
from access_portal.applications.review_policy import policy_for

MOST_ASKS = 5
SHORTEST_ASK = 10  # characters


def end_of(date: Any) -> datetime:
    """The last moment of a day where the house is."""
    return timezone.make_aware(datetime.combine(date, time(23, 59)))


class HandOverForm(VersionForm):
    """To whom: a list that is read only once somebody wants to."""

    def make_ready(self) -> None:
        if self.is_bound:
            self.fields["to"] = colleagues(self.application)


class AskForm(VersionForm):
    """Up to five things to ask, each about one answer or about the application as a whole, and until when."""

    due_on = day(_("Answer until"), hint=_("The applicant is reminded before that."))

    def begin(self) -> dict[str, Any]:
        until = timezone.now() + policy_for(self.application).answer_time
        return {"due_on": timezone.localdate(until)}

    def make_ready(self) -> None:
        known = [(question.name, str(question.label)) for question in definition_of(self.application).questions()]
        choices = [("", _("The application as a whole")), *known]
        until = self.fields.pop("due_on")
        for place in range(1, MOST_ASKS + 1):
            about = forms.ChoiceField(label=_("About"), required=False, choices=choices)
            text = words(_("What to answer or change"), rows=2, required=False, least=SHORTEST_ASK)
            self.fields[f"question_{place}"], self.fields[f"text_{place}"] = about, text
        self.fields["due_on"] = until

    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The pairs of fields, for the page."""
        return [(self[f"question_{place}"], self[f"text_{place}"]) for place in range(1, MOST_ASKS + 1)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for place in range(1, MOST_ASKS + 1):
            if data.get(f"question_{place}") and not data.get(f"text_{place}") and f"text_{place}" not in self.errors:
                self.add_error(f"text_{place}", _now("Say what you want to know about it."))
        return data

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        asks = [
            Ask(data[f"text_{place}"], data[f"question_{place}"])
            for place in range(1, MOST_ASKS + 1)
            if data[f"text_{place}"]
        ]
        return {"version": data["version"], "asks": asks, "due_at": end_of(data["due_on"])}


def prepared_asks(application: Any, keys: list[str], about: str) -> dict[str, Any]:
    """The rows that somebody chose from the prepared questions, or one about the answer that they looked at."""
    known = {question.name for question in definition_of(application).questions()}
    chosen = [QUESTIONS[key] for key in keys if key in QUESTIONS][:MOST_ASKS]
    rows: dict[str, Any] = {}
    for place, canned in enumerate(chosen, start=1):
        rows[f"text_{place}"] = canned.text
        rows[f"question_{place}"] = canned.question if canned.question in known else ""
    if about in known and not rows:
        rows["question_1"] = about
    return rows


class NoteForm(ActForm):
    """For colleagues only."""

    text = words(_("Note"), hint=_("For colleagues. The applicant never sees it."))


class MessageForm(ActForm):
    """To the applicant."""

    text = words(_("Message"), hint=_("The applicant gets it by mail and can answer on the page of the application."))


class OpineForm(ActForm):
    """One's view of this round."""

    verdict = forms.ChoiceField(label=_("What would you answer?"), choices=Verdict.choices, widget=forms.RadioSelect)
    text = words(_("Why"), hint=_("Colleagues read it once they have given their own opinion."))


class RecommendForm(VersionForm):
    """The answer that is proposed to the deciders, with the checklist."""

    verdict = forms.ChoiceField(label=_("Proposed answer"), choices=Verdict.choices, widget=forms.RadioSelect)
    code = reason_field(required=False)
    text = words(_("To the decider"), hint=_("What you found, and why you propose this."))
    doubt = forms.BooleanField(label=_("I am in doubt: two people should agree on this case"), required=False)

    def make_ready(self) -> None:
        self.fields["checked"] = checklist_field(self.application)
        setattr(self.fields["code"], "condition", _("for a refusal"))  # noqa: B010 - read by partials/field.html

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        refuses = data.get("verdict") in (Verdict.REFUSE_FIXABLE, Verdict.REFUSE_FINAL)
        if refuses and not data.get("code") and "code" not in self.errors:
            self.add_error("code", _now("Choose a reason; the decider can change it."))
        return data


class ConflictForm(ActForm):
    """A member of staff stands too near to the case."""

    reason = forms.CharField(
        label=_("How you are connected"),
        required=False,
        max_length=300,
        help_text=_("Colleagues see it. You give the case back and cannot open it any more."),
    )
