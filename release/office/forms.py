"""What a release manager says with a command. Each form carries when the files were staged that its reader saw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from release.lifecycle import Command
from release.models import Release
from release.office.reading import possible_successors
from release.publishing.step import LONGEST_REASON


class ActForm(forms.Form):
    """A command that needs no words."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, release: Release) -> None:
        super().__init__(data, initial={"seen": release.staged_at.isoformat()})
        self.shape(release)

    def shape(self, release: Release) -> None:
        """Fit the fields to the release."""

    def clean(self) -> dict[str, Any]:
        """`seen` becomes a moment; a page that lost it is to be opened again."""
        try:
            seen = parse_datetime(self.cleaned_data.get("seen", ""))
        except ValueError:
            seen = None
        if seen is None or seen.tzinfo is None:
            raise forms.ValidationError(_("Open the page again, then decide."))
        return {**self.cleaned_data, "seen": seen}

    def said(self) -> dict[str, Any]:
        """The command's own arguments."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


class ScheduleForm(ActForm):
    publish_at = forms.DateTimeField(
        label=_("When (UTC)"),
        help_text=_("Date and time in UTC. Until then nobody outside knows of it."),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def shape(self, release: Release) -> None:
        self.initial["publish_at"] = release.publish_at and release.publish_at.astimezone(UTC)


class WithdrawForm(ActForm):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("People who downloaded it, and everybody who opens its page, read it word for word."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class DeprecateForm(WithdrawForm):
    successor = forms.ModelChoiceField(
        label=_("What to use instead"), queryset=Release.objects.none(), required=False, empty_label=_("Nothing yet")
    )

    def shape(self, release: Release) -> None:
        field = self.fields["successor"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = possible_successors(release)


# The commands of these pages, in the order of their buttons. Staging is done where the files are.
FORMS: Mapping[Command, type[ActForm]] = {
    Command.PUBLISH: ActForm,
    Command.SCHEDULE: ScheduleForm,
    Command.VERIFY: ActForm,
    Command.UNSCHEDULE: ActForm,
    Command.SIGN: ActForm,
    Command.DEPRECATE: DeprecateForm,
    Command.WITHDRAW: WithdrawForm,
}
