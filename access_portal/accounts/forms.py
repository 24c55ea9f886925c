"""Forms about people."""

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import User


class SignupForm(forms.Form):
    """What we ask beside user name, e-mail address and password; allauth mixes this into its own form."""

    full_name = forms.CharField(label=_("Full name"), max_length=200)

    def signup(self, request: HttpRequest, user: User) -> None:
        """Keep the extra answers; called by allauth once the account exists."""
        user.full_name = self.cleaned_data["full_name"]
        user.save(update_fields=["full_name"])
