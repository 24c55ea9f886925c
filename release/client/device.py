"""Signing in without typing a secret: the browser confirms, this program gets a token (RFC 8628)."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass

from .address import is_address
from .credentials import sound_token
from .errors import NetworkError, RefusedError
from .problems import not_gatehouse, problem
from .session import Answer, Portal
from .wording import printable

SCOPES = ("read", "download", "jobs")
SLOWER_SECONDS = 5.0
LONGEST_SECONDS = 3600.0
SHORTEST_INTERVAL_SECONDS, LONGEST_INTERVAL_SECONDS = 1.0, 60.0
FINAL = {
    "access_denied": ("login_refused", "The request was refused in the browser.", "Run `gatehouse login` again."),
    "expired_token": ("login_expired", "Nobody confirmed in time.", "Run `gatehouse login` again."),
}


@dataclass(frozen=True)
class Codes:
    """`user_code` is what the person compares in the browser; `page_with_code` saves typing it."""

    device_code: str
    user_code: str
    page: str
    page_with_code: str
    lifetime_seconds: float
    interval_seconds: float


def ask(portal: Portal) -> Codes:
    """Begin; raises ClientError."""
    asked = {"client_name": f"gatehouse on {platform.node() or 'some machine'}"[:100], "scopes": list(SCOPES)}
    told = portal.post("/portal/v1/device/codes", asked)
    texts = [told.get(name) for name in ("device_code", "user_code", "verification_uri")]
    if not all(isinstance(text, str) and text for text in texts):
        raise not_gatehouse(portal.server, "codes of another shape")
    device_code, user_code, page = (str(text) for text in texts)
    page_with_code = told.get("verification_uri_complete") or page
    if not (is_address(page) and isinstance(page_with_code, str) and is_address(page_with_code)):
        raise not_gatehouse(portal.server, "a page that is no address")
    interval = _seconds(told.get("interval"), SLOWER_SECONDS)
    return Codes(
        device_code=device_code,
        user_code=printable(user_code),
        page=page,
        page_with_code=page_with_code,
        lifetime_seconds=_seconds(told.get("expires_in"), 600.0),
        interval_seconds=min(max(interval, SHORTEST_INTERVAL_SECONDS), LONGEST_INTERVAL_SECONDS),
    )


def await_token(
    portal: Portal,
    codes: Codes,
    *,
    wait: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Ask until somebody confirmed; raises RefusedError when they refused or did not come."""
    interval, deadline = codes.interval_seconds, clock() + codes.lifetime_seconds
    while clock() < deadline:
        wait(interval)
        try:
            answer = portal.send("POST", "/portal/v1/device/tokens", json={"device_code": codes.device_code})
        except NetworkError:  # somebody may be confirming meanwhile; RFC 8628 wants slower questions then
            interval = min(interval * 2, LONGEST_INTERVAL_SECONDS)
            continue
        told = _object(answer)
        if answer.status == 200 and isinstance(token := told.get("access_token"), str):
            return _token(portal, token)
        error = told.get("error")
        if error == "slow_down":
            interval = min(interval + SLOWER_SECONDS, LONGEST_INTERVAL_SECONDS)
        elif isinstance(error, str) and error in FINAL:
            raise RefusedError(*FINAL[error])
        elif error != "authorization_pending" and answer.status < 500:
            raise problem(answer.status, answer.headers, answer.body, portal.server)
    raise RefusedError(*FINAL["expired_token"])


def _token(portal: Portal, told: str) -> str:
    """One that can be sent: in an error about one that cannot be, the token itself would be shown."""
    try:
        return sound_token(told)
    except RefusedError:
        raise not_gatehouse(portal.server, "a token of another shape") from None


def _object(answer: Answer) -> dict[str, object]:
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _seconds(told: object, otherwise: float) -> float:
    return min(told, LONGEST_SECONDS) if isinstance(told, int | float) and told > 0 else otherwise
