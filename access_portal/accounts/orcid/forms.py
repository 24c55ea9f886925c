"""Signing up after signing in at ORCID: all that everybody is asked, a password and an address to confirm included."""

from __future__ import annotations

from allauth.account.forms import SignupForm
from allauth.socialaccount.forms import SignupForm as SocialSignupForm


class OrcidSignupForm(SocialSignupForm, SignupForm):  # type: ignore[misc]
    """The normal form, which links the iD as well. With a password of its own the account survives without ORCID."""
