"""ORCID as allauth's provider, which keeps of a record no more than the iD and the name shown with it."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider

from access_portal.accounts.names import one_line
from access_portal.accounts.orcid.views import OrcidAdapter


class OrcidAccount(ProviderAccount):  # type: ignore[misc]
    """How pages name a linked iD."""

    account: SocialAccount

    def to_str(self) -> str:
        return str(self.account.uid)


class OrcidProvider(OAuth2Provider):  # type: ignore[misc]
    """It proves who somebody is at ORCID; e-mail addresses are proven by ourselves, so none is taken from there."""

    id = "orcid"
    name = "ORCID"
    account_class = OrcidAccount
    oauth2_adapter_class = OrcidAdapter

    def get_scope_from_request(self, request: Any) -> list[str]:
        """Never more than this, whatever the address of our page asks for."""
        return ["/authenticate"]

    def get_auth_params_from_request(self, request: Any, action: Any) -> dict[str, str]:
        """As above."""
        return {}

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["orcid-identifier"]["path"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, str]:
        return {"name": public_name(data)}


def public_name(record: dict[str, Any]) -> str:
    """The name on the record, where its owner shows it to everybody."""
    name = (record.get("person") or {}).get("name") or {}
    parts = [name.get("credit-name")] if name.get("credit-name") else [name.get("given-names"), name.get("family-name")]
    return one_line(" ".join(str(part["value"]) for part in parts if isinstance(part, dict) and part.get("value")))[
        :200
    ]


provider_classes = [OrcidProvider]
