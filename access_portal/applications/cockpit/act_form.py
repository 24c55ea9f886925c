"""What all forms of acts share: about which case, and what the command is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from access_portal.applications.cockpit.fields import VersionField
from access_portal.applications.models import Application


class ActForm(forms.Form):
    """The form of one act, called `name`, on one case; `prepared` are words to begin from."""

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        application: Application,
        name: str,
        prepared: Mapping[str, Any] | None = None,
    ) -> None:
        self.application = application
        initial = {"version": application.version, **self.begin(), **(prepared or {})}
        super().__init__(data, auto_id=f"{name}_%s", initial=initial)
        self.make_ready()

    def begin(self) -> dict[str, Any]:
        """What the form is filled in with at first."""
        return {}

    def make_ready(self) -> None:
        """Fit the fields to the case."""

    def arguments(self) -> dict[str, Any]:
        """The cleaned fields as the command takes them."""
        return dict(self.cleaned_data)

    @property
    def is_untouched(self) -> bool:
        """Whether somebody pressed a button that opens this form, and has not filled in anything yet."""
        asked = [field.html_name for field in self.visible_fields()]
        return bool(asked) and not any(name in self.data for name in asked)

    @property
    def typed(self) -> list[tuple[str, str]]:
        """The texts that somebody wrote, as (label, text): to be kept when nothing can be done with them now."""
        texts = [field for field in self if isinstance(field.field.widget, forms.Textarea)]
        return [(str(field.label), str(field.value())) for field in texts if field.value()]


class VersionForm(ActForm):
    """For acts that hold only for what was on the screen."""

    version = VersionField()
