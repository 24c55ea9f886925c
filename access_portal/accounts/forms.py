"""Forms about people."""

import unicodedata

from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import Scope, User
from access_portal.accounts.names import one_line
from access_portal.accounts.tokens import LONGEST_DAYS


class SignupForm(forms.Form):
    """What we ask beside user name, e-mail address and password; allauth mixes this into its own form."""

    full_name = forms.CharField(label=_("Full name"), max_length=200)

    def clean_full_name(self) -> str:
        """A name is part of subjects and sentences, so it is kept on one line, and in one way of writing (NFKC)."""
        return one_line(unicodedata.normalize("NFKC", self.cleaned_data["full_name"]))

    def signup(self, request: HttpRequest, user: User) -> None:
        """Keep the extra answers, and the language of the page; called by allauth once the account exists."""
        user.full_name = self.cleaned_data["full_name"]
        user.language = get_language() or user.language
        user.save(update_fields=["full_name", "language"])


class TokenForm(forms.Form):
    """What a new API token is for and how long it lives; the fields are the arguments of `issue_token`."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("For you to know it again, for example “laptop” or “cluster”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(
        label=_("Days until it ends"), min_value=1, max_value=LONGEST_DAYS, initial=90, help_text=_("From 1 to 365.")
    )
