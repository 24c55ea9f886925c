"""What a decider fills in: the terms of an approval, or the reasons of a refusal."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from access_portal.applications.commands.deciding import SHORTEST_REFUSAL
from access_portal.applications.families import variants_of
from access_portal.applications.models import Application
from access_portal.applications.reasons import REASONS
from access_portal.applications.terms import LARGEST_QUOTA, LONGEST_MONTHS, Terms

USUAL_MONTHS = 12
USUAL_QUOTA = 1_000_000  # tokens, where nobody named a figure
LONGEST_TEXT = 4000


class ApproveForm(forms.Form):
    """The terms, filled in with what was asked for."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    duration_months = forms.IntegerField(
        label=_("Months"), min_value=1, max_value=LONGEST_MONTHS, help_text=_("From today: 1 to 24.")
    )
    may_download = forms.BooleanField(label=_("May download the weights"), required=False)
    may_infer = forms.BooleanField(label=_("May run the model here"), required=False)
    token_quota = forms.IntegerField(
        label=_("Tokens of inference"),
        min_value=0,
        max_value=LARGEST_QUOTA,
        help_text=_("For the whole life of the grant, prompts and answers together."),
    )
    variants = forms.MultipleChoiceField(
        label=_("Sizes"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means every size of the family, later ones included."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The applicant reads it, and it stays with the grant."),
    )

    def __init__(self, data: QueryDict | None = None, *, application: Application) -> None:
        super().__init__(data, auto_id="approve_%s", initial=_asked_for(application))
        sizes = self.fields["variants"]
        assert isinstance(sizes, forms.MultipleChoiceField)
        sizes.choices = [(variant.slug, variant.name) for variant in variants_of(application.family)]

    def terms(self) -> Terms:
        """The cleaned terms; raises InvalidError."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return Terms(**{**data, "variants": tuple(data["variants"])})


class RefuseForm(forms.Form):
    """A reason from the list, words for the applicant, and what they can do next."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    code = forms.ChoiceField(
        label=_("Reason"), choices=[("", _("Choose…")), *((code, reason.title) for code, reason in REASONS.items())]
    )
    text = forms.CharField(
        label=_("What the applicant reads"),
        min_length=SHORTEST_REFUSAL,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("At least 30 characters. Say what is missing or excluded, in this case."),
    )
    may_reapply = forms.ChoiceField(
        label=_("May they apply again?"),
        choices=[("yes", _("Yes, once something has changed")), ("no", _("No, this answer is final"))],
        initial="yes",
        widget=forms.RadioSelect,
    )
    what_to_change = forms.CharField(
        label=_("What to change before applying again"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Said in the mail and on their page, beside the reasons."),
    )

    def __init__(self, data: QueryDict | None = None, *, application: Application, code: str = "") -> None:
        super().__init__(data, auto_id="refuse_%s", initial=_prepared(application, code))
        setattr(self.fields["what_to_change"], "condition", _("if they may apply again"))  # noqa: B010 - as in `forms`

    def said(self) -> dict[str, Any]:
        """The cleaned words as `commands.refuse` takes them."""
        data = self.cleaned_data
        return {
            "code": data["code"],
            "text": data["text"],
            "may_reapply": data["may_reapply"] == "yes",
            "what_to_change": data["what_to_change"],
        }


def _asked_for(application: Application) -> dict[str, Any]:
    asked = application.answers
    may_infer = bool(asked.get("needs_inference"))
    return {
        "version": application.version,
        "duration_months": USUAL_MONTHS,
        "may_download": bool(asked.get("needs_download")),
        "may_infer": may_infer,
        "token_quota": (asked.get("estimated_tokens") or USUAL_QUOTA) if may_infer else 0,
        "variants": asked.get("sizes", []),
    }


def _prepared(application: Application, code: str) -> dict[str, Any]:
    """A refusal to begin from; an unknown code begins with nothing."""
    reason = REASONS.get(code)
    if reason is None:
        return {"version": application.version}
    final = {} if reason.change else {"may_reapply": "no"}
    words = {"code": code, "text": reason.wording, "what_to_change": reason.change}
    return {"version": application.version, **words, **final}
