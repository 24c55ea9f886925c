"""How allauth's sign-in with other accounts meets this house: credentials from the settings, names from the record."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.http import HttpRequest

from access_portal.accounts.models import User


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Our answers to allauth's questions."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """ORCID, where it is set up; no table is read."""
        if not settings.ORCID_CLIENT_ID or provider not in (None, "orcid"):
            return []
        return [
            SocialApp(
                provider="orcid", name="ORCID", client_id=settings.ORCID_CLIENT_ID, secret=settings.ORCID_CLIENT_SECRET
            )
        ]

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """Nothing is known beforehand but the name, which the form suggests."""
        user: User = sociallogin.user
        user.full_name = sociallogin.account.extra_data.get("name", "")
        return user

    def get_signup_form_initial_data(self, sociallogin: SocialLogin) -> dict[str, str]:
        return {"full_name": sociallogin.account.extra_data.get("name", "")}

    def authenticate_by_email(self, login: SocialLogin) -> None:
        """Never: an account is linked by its owner, signed in, and by nobody else."""
