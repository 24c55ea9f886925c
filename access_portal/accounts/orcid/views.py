"""The way to ORCID and back: our own addresses, and distrust of whatever comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base import ProviderException
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter, OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.orcid.addresses import api_of, site_of
from access_portal.accounts.orcid.ids import is_orcid
from access_portal.errors import NotFoundError


class OrcidAdapter(OAuth2Adapter):  # type: ignore[misc]
    """What goes to ORCID and what is made of its answers; nothing of a token is kept."""

    provider_id = "orcid"

    @property
    def authorize_url(self) -> str:
        return f"{site_of(settings.ORCID_DOMAIN)}/oauth/authorize"

    @property
    def access_token_url(self) -> str:
        return f"{site_of(settings.ORCID_DOMAIN)}/oauth/token"

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """The address that is registered at ORCID; the request's Host header has no part in it."""
        return str(settings.BASE_URL + reverse("orcid_callback"))

    def get_access_token_data(self, *args: Any, **options: Any) -> dict[str, Any]:
        """Raises ProviderException for an answer that is not one."""
        try:
            data = super().get_access_token_data(*args, **options)
        except (KeyError, ValueError, TypeError) as error:
            raise ProviderException("token answer unreadable") from error
        if not isinstance(data, dict) or not is_orcid(data.get("orcid")):
            raise ProviderException("token answer without an iD")
        return data

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        return SocialToken(token=str(data["access_token"]))

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **options: Any) -> SocialLogin:
        """Read the public record of the iD that signed in; it has to be the record of that iD."""
        orcid = options["response"]["orcid"]
        with get_adapter().get_requests_session() as session:
            answer = session.get(
                f"{api_of(settings.ORCID_DOMAIN)}/v3.0/{orcid}/record",
                headers={"accept": "application/orcid+json"},
                allow_redirects=False,
            )
            answer.raise_for_status()
            record = answer.json()
        identifier = record.get("orcid-identifier") if isinstance(record, dict) else None
        if not isinstance(identifier, dict) or identifier.get("path") != orcid:
            raise ProviderException("record of another iD")
        return self.get_provider().sociallogin_from_response(request, record)


def _where_offered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Raises NotFoundError where the house has no credentials for ORCID."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if not settings.ORCID_CLIENT_ID:
            raise NotFoundError("orcid_off", _("This site does not offer to sign in with ORCID."))
        return view(request)

    return guarded


oauth2_login = _where_offered(OAuth2LoginView.adapter_view(OrcidAdapter))
oauth2_callback = _where_offered(OAuth2CallbackView.adapter_view(OrcidAdapter))
