"""What a decider fills in: terms, reasons, comments, holds, answers to appeals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.applications.cockpit.act_form import ActForm, VersionForm
from access_portal.applications.cockpit.fields import checklist_field, day, reason_field, words
from access_portal.applications.cockpit.reviewing_forms import end_of
from access_portal.applications.commands.deciding import SHORTEST_REFUSAL
from access_portal.applications.families import variants_of
from access_portal.applications.models import State
from access_portal.applications.reasons import REASONS
from access_portal.applications.terms import LARGEST_QUOTA, LONGEST_MONTHS, Terms, asked_terms
from access_portal.gigabytes import GigabytesField

LONGEST_LAB_NAME = 200
RECHECK_AFTER = timedelta(days=14)


class ApproveForm(VersionForm):
    """The terms, filled in with what was asked for."""

    duration_months = forms.IntegerField(
        label=_("Months"), min_value=1, max_value=LONGEST_MONTHS, help_text=_("From today: 1 to 24.")
    )
    may_download = forms.BooleanField(label=_("May download the weights"), required=False)
    may_infer = forms.BooleanField(label=_("May run the model here"), required=False)
    token_quota = forms.IntegerField(
        label=_("Tokens of inference"),
        required=False,
        min_value=0,
        max_value=LARGEST_QUOTA,
        help_text=_("For the whole life of the grant, prompts and answers together."),
    )
    bytes_per_day = GigabytesField(
        label=_("Gigabytes of downloads a day"),
        required=False,
        help_text=_("Leave it empty for what everybody gets. Taking up a broken download again counts nothing."),
    )
    variants = forms.MultipleChoiceField(label=_("Sizes"), required=False, widget=forms.CheckboxSelectMultiple)
    whole_family = forms.BooleanField(label=_("Every size of the family, later ones included"), required=False)
    lab_name = forms.CharField(
        label=_("Name of the lab"),
        required=False,
        max_length=LONGEST_LAB_NAME,
        help_text=_(
            "Others were named as well. With a name here it is a grant for a lab: each member accepts in person."
        ),
    )
    reason = words(_("Why"), hint=_("The applicant reads it, and it stays with the grant."))

    def begin(self) -> dict[str, Any]:
        return asked_terms(self.application.answers)

    def make_ready(self) -> None:
        sizes = self.fields["variants"]
        assert isinstance(sizes, forms.MultipleChoiceField)
        setattr(sizes, "condition", _("or the whole family"))  # noqa: B010 - read by partials/field.html
        sizes.choices = [(variant.slug, variant.name) for variant in variants_of(self.application.family)]
        if not self.application.answers.get("co_members"):
            del self.fields["lab_name"]
        if self.application.state == State.IN_REVIEW:  # nobody has ticked it yet
            self.fields["checked"] = checklist_field(self.application)
            self.order_fields(["version", "checked"])

    def clean_token_quota(self) -> int:
        return int(self.cleaned_data["token_quota"] or 0)

    def arguments(self) -> dict[str, Any]:
        """Raises InvalidError for terms that do not go together."""
        data = dict(self.cleaned_data)
        version, checked = data.pop("version"), data.pop("checked", ())
        data["lab_name"] = data.get("lab_name", "").strip()
        return {"version": version, "checked": checked, "terms": Terms(**{**data, "variants": tuple(data["variants"])})}


class RefuseForm(VersionForm):
    """A reason of the list, words for the applicant, and what to change before coming again."""

    code = reason_field()
    text = words(
        _("What the applicant reads"),
        rows=5,
        least=SHORTEST_REFUSAL,
        hint=_("At least 30 characters. Say what is missing or excluded, in this case."),
    )
    what_to_change = words(
        _("What to change before applying again"), hint=_("Said in the mail and on their page, beside the reasons.")
    )
    retry_from = day(
        _("Applying again makes sense from"), required=False, hint=_("Only where it takes time, for an approval say.")
    )

    def clean_retry_from(self) -> Any:
        date = self.cleaned_data["retry_from"]
        if date is not None and date < timezone.localdate():
            raise forms.ValidationError(_now("This day is over. Leave it out if they may apply at once."))
        return date


class ProposeFinalForm(VersionForm):
    """A refusal for good, which another decider has to confirm."""

    code = reason_field()
    text = words(
        _("What the applicant will read"),
        rows=5,
        least=SHORTEST_REFUSAL,
        hint=_("At least 30 characters. Nothing is sent before another decider confirms it."),
    )


class SendBackForm(VersionForm):
    """To whoever recommended it."""

    text = words(_("What is still open"), hint=_("The reviewer gets it by mail; the applicant does not see it."))


class HoldForm(VersionForm):
    """Why nothing is decided for now, and when to look again."""

    ground = words(_("Ground"), least=10, hint=_("For colleagues. The applicant is told only that it takes longer."))
    recheck_on = day(_("Look at it again on"))

    def begin(self) -> dict[str, Any]:
        return {"recheck_on": timezone.localdate(timezone.now() + RECHECK_AFTER)}

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"version": data["version"], "ground": data["ground"], "recheck_at": end_of(data["recheck_on"])}


class DecideAppealForm(VersionForm):
    """Whether the refusal stands, and why."""

    upheld = forms.ChoiceField(
        label=_("Does the refusal stand?"),
        choices=[("no", _("It stands; this is final")), ("yes", _("It was wrong: the case is looked at again, by me"))],
        widget=forms.RadioSelect,
    )
    ground = words(_("Ground"), rows=5, least=SHORTEST_REFUSAL, hint=_("The applicant reads it."))

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"version": data["version"], "upheld": data["upheld"] == "yes", "ground": data["ground"]}


class AnonymiseForm(ActForm):
    """There is no way back, so it is asked twice."""

    sure = forms.BooleanField(label=_("Yes, delete what was written in this case. It cannot be brought back."))

    def arguments(self) -> dict[str, Any]:
        return {}


def prepared_refusal(code: str) -> dict[str, Any]:
    """A refusal to begin from; an unknown code begins with nothing."""
    reason = REASONS.get(code)
    if reason is None:
        return {}
    return {"code": code, "text": reason.wording, "what_to_change": reason.change}
