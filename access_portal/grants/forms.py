"""What people say when they act on a grant. Each form carries the version of the grant that its reader saw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from access_portal.applications.families import variants_of
from access_portal.applications.terms import LARGEST_QUOTA, LONGEST_MONTHS, Terms
from access_portal.gigabytes import GigabytesField
from access_portal.grants.lifecycle import Command
from access_portal.grants.models import Grant

LONGEST = 4000


def _words(label: Any, hint: Any = "", *, rows: int = 4, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, required=required, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": rows})
    )


class ActForm(forms.Form):
    """A form about one grant."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, data: Any = None, *, grant: Grant, prefix: str = "") -> None:
        super().__init__(data, initial={"version": grant.version, **self.begin(grant)}, auto_id=f"{prefix}id_%s")
        self.shape(grant)

    def begin(self, grant: Grant) -> dict[str, Any]:
        """What the fields say before anybody wrote in them."""
        return {}

    def shape(self, grant: Grant) -> None:
        """Fit the fields to the grant."""

    def said(self) -> dict[str, Any]:
        """The command's own arguments."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class SuspendForm(ActForm):
    reason = _words(_("Reason"), _("The holder reads it, word for word."))
    review_at = forms.DateField(
        label=_("Look at it again by"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The holder is told this day. Nothing is lifted by itself."),
    )

    def begin(self, grant: Grant) -> dict[str, Any]:
        return {"review_at": (datetime.now(UTC) + timedelta(days=14)).date()}

    def said(self) -> dict[str, Any]:
        day = self.cleaned_data["review_at"]
        return {"reason": self.cleaned_data["reason"], "review_at": datetime.combine(day, time(23, 59), UTC)}


class ReasonForm(ActForm):
    reason = _words(_("Reason"), _("The holder reads it, word for word."))


class ProposalForm(ActForm):
    reason = _words(
        _("Reason"), _("Your colleague reads it now; the holder reads it, word for word, once it is confirmed.")
    )


class DeclineForm(ActForm):
    reason = _words(_("Why not"), _("Whoever proposed the revocation reads it; the holder does not."))


class ConfirmForm(ActForm):
    sure = forms.BooleanField(label=_("I have read the reason, and the grant is to end for good."))

    def said(self) -> dict[str, Any]:
        return {}


class AnswerForm(ActForm):
    text = _words(_("Reason"), _("Those whom it concerns read it, word for word. At least 20 characters."))


class TermsForm(ActForm):
    """The terms of the grant that takes the place of this one; they begin as those of the old one."""

    duration_months = forms.IntegerField(label=_("Months"), min_value=1, max_value=LONGEST_MONTHS)
    whole_family = forms.BooleanField(label=_("Every size of the family, also later ones"), required=False)
    variants = forms.MultipleChoiceField(
        label=_("Sizes"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("If not every size.")
    )
    may_download = forms.BooleanField(label=_("Downloads"), required=False)
    may_infer = forms.BooleanField(label=_("Running models here"), required=False)
    token_quota = forms.IntegerField(
        label=_("Tokens"),
        min_value=0,
        max_value=LARGEST_QUOTA,
        help_text=_("Over the life of the new grant; what was used of the old one does not count."),
    )
    bytes_per_day = GigabytesField(
        label=_("Gigabytes of downloads a day"), required=False, help_text=_("Leave it empty for what everybody gets.")
    )
    reason = _words(_("Reason for the record"), _("It stands on the page of the new grant."), rows=2)
    text = _words(_("A word to the holder"), rows=2, required=False)

    def begin(self, grant: Grant) -> dict[str, Any]:
        return {
            "duration_months": 12,
            "whole_family": grant.whole_family,
            "variants": [variant.slug for variant in grant.variants.all()],
            "may_download": grant.may_download,
            "may_infer": grant.may_infer,
            "token_quota": grant.token_quota,
            "bytes_per_day": grant.bytes_per_day,
            "reason": grant.reason,
        }

    def shape(self, grant: Grant) -> None:
        field = self.fields["variants"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(variant.slug, variant.name) for variant in variants_of(grant.family)]

    def said(self) -> dict[str, Any]:
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("version", "text")}
        data["variants"] = () if data["whole_family"] else tuple(data["variants"])
        return {"terms": Terms(**data), "text": self.cleaned_data["text"]}


class ChangeForm(TermsForm):
    text = _words(_("Why the terms change"), _("The holder reads it, word for word."), rows=2)


class PassOnForm(ActForm):
    token_quota = forms.IntegerField(
        label=_("Tokens"),
        min_value=0,
        max_value=LARGEST_QUOTA,
        help_text=_("For the rest of the time; what was used so far does not count."),
    )
    text = _words(_("A word to the lab"), rows=2, required=False)

    def begin(self, grant: Grant) -> dict[str, Any]:
        return {"token_quota": grant.token_quota}


class AskTransferForm(ActForm):
    member_id = forms.TypedChoiceField(label=_("Who answers for the lab from now on"), coerce=int)
    reason = _words(_("Why"), _("The office and the person you name read it."))

    def shape(self, grant: Grant) -> None:
        field = self.fields["member_id"]
        assert isinstance(field, forms.TypedChoiceField)
        joined = grant.members.filter(joined_at__isnull=False, removed_at=None).select_related("user")
        field.choices = [(place.pk, str(place.user)) for place in joined.order_by("joined_at", "pk")]


class AttestForm(ActForm):
    as_given = forms.BooleanField(label=_("The model is used for what the grant was given for, and for nothing else."))
    not_passed_on = forms.BooleanField(label=_("Nobody outside the grant has been given weights."))
    statement = _words(
        _("Your statement"), _("In a sentence or two: what the model is used for now, and by whom."), rows=3
    )

    def said(self) -> dict[str, Any]:
        return {"statement": self.cleaned_data["statement"]}


class RenewForm(ActForm):
    outputs = _words(
        _("What came of the work so far"),
        _("Papers, data, code, talks; with links where there are any. “Nothing yet, because …” is an answer too."),
        rows=6,
    )
    changes = _words(
        _("What has changed"),
        _("People, purpose, funding, place of work; or that nothing has."),
        rows=3,
    )


class SurrenderForm(ActForm):
    statement = _words(
        _("What became of the copies"),
        _("Which copies there were, that they are deleted, and when; or why some are kept, and where."),
        rows=4,
    )
    final = forms.BooleanField(
        label=_("I know that this is final, and that it ends at once for everybody of the grant.")
    )

    def said(self) -> dict[str, Any]:
        return {"statement": self.cleaned_data["statement"]}


class InviteForm(ActForm):
    name = forms.CharField(label=_("Name"), max_length=200)
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("The link works only for an account with this very address, so write the one they sign in with."),
    )


class JoinForm(forms.Form):
    """The acceptance of the licence by the person who joins."""

    sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)
    agree = forms.BooleanField(label=_("I have read this licence and I accept it for myself."))


OFFICE_FORMS: Mapping[Command, type[ActForm]] = {
    Command.RATIFY_REVOCATION: ConfirmForm,
    Command.DECLINE_REVOCATION: DeclineForm,
    Command.GRANT_RENEWAL: TermsForm,
    Command.REFUSE_RENEWAL: AnswerForm,
    Command.APPROVE_TRANSFER: PassOnForm,
    Command.REFUSE_TRANSFER: AnswerForm,
    Command.LIFT: ReasonForm,
    Command.SUSPEND: SuspendForm,
    Command.PROPOSE_REVOCATION: ProposalForm,
    Command.REVOKE_AT_ONCE: ReasonForm,
    Command.SUPERSEDE: ChangeForm,
    Command.ASK_TRANSFER: AskTransferForm,
}  # in the order in which the page offers them
