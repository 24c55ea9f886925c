"""Sign-in by device (RFC 8628): a program asks for codes, then asks until somebody has answered in a browser."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from access_portal.accounts.devices import commands
from access_portal.accounts.devices.codes import in_two
from access_portal.accounts.devices.errors import PollError
from access_portal.api.representation import moment
from access_portal.client_address import client_address

router = Router(tags=["sign-in by device"], auth=None)


class Ask(Schema):
    client_name: str = Field(max_length=200, description="what the person reads; the first 80 characters are kept")
    scopes: list[Annotated[str, Field(max_length=20)]] = Field(max_length=20, description="what the token should allow")


class Poll(Schema):
    device_code: str = Field(max_length=100)


@router.post("/device/codes", summary="Ask to be signed in: a code for the program, and one for its person")
def codes(request: HttpRequest, body: Ask) -> HttpResponse:
    asked, device_code, user_code = commands.ask(
        client_name=body.client_name,
        scopes=body.scopes,
        address=client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
        now=timezone.now(),
    )
    page, shown = settings.BASE_URL + reverse("activate"), in_two(user_code)
    return _kept_nowhere(
        {
            "device_code": device_code,
            "user_code": shown,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?code={shown}",
            "expires_in": round((asked.expires_at - asked.asked_at).total_seconds()),
            "interval": asked.interval_seconds,
        }
    )


@router.post("/device/tokens", summary="The token, once the person has allowed it; until then RFC 8628's errors")
def tokens(request: HttpRequest, body: Poll) -> HttpResponse:
    try:
        token, secret = commands.collect(device_code=body.device_code, now=timezone.now())
    except PollError as refused:
        return _kept_nowhere({"error": refused.error, "error_description": refused.description}, 400)
    return _kept_nowhere(
        {
            "access_token": secret,
            "token_type": "bearer",
            "scopes": token.scopes,
            "expires_at": moment(token.expires_at),
        }
    )


def _kept_nowhere(body: dict[str, Any], status: int = 200) -> HttpResponse:
    answer = JsonResponse(body, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
