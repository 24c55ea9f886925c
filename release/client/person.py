"""Who I am to the server, and my applications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import AccessError
from .problems import not_gatehouse
from .session import Portal
from .wording import printable


@dataclass(frozen=True)
class Person:
    """`expires_at` is ISO 8601, or empty."""

    username: str
    name: str
    token: str
    scopes: tuple[str, ...]
    expires_at: str


@dataclass(frozen=True)
class Application:
    """Dates are ISO 8601, or empty; `next_actor` is empty where nobody has to act."""

    number: str
    family: str
    state: str
    next_actor: str
    created_at: str
    submitted_at: str
    due_at: str
    page: str


def whoami(portal: Portal) -> Person:
    """Raises SignInError when the token does not work, AccessError when it may not read."""
    portal.require_token()
    told = portal.get("/portal/v1/me")
    token = told.get("token")
    token = token if isinstance(token, dict) else {}
    scopes = token.get("scopes")
    if not isinstance(told.get("username"), str):
        raise not_gatehouse(portal.server, "an account of another shape")
    return Person(
        printable(told["username"]),
        printable(told.get("name") or ""),
        printable(token.get("name") or ""),
        tuple(printable(each) for each in scopes) if isinstance(scopes, list) else (),
        printable(token.get("expires_at") or ""),
    )


def require_valid_token(portal: Portal) -> Person | None:
    """Raises SignInError unless the server knows the token; None for one that may not read who it belongs to."""
    try:
        return whoami(portal)
    except AccessError:
        return None


def applications(portal: Portal) -> list[Application]:
    """Mine, newest first."""
    portal.require_token()
    rows = portal.get("/portal/v1/applications").get("applications")
    if not isinstance(rows, list):
        raise not_gatehouse(portal.server, "applications of another shape")
    return [_application(portal, row) for row in rows if isinstance(row, dict)]


def _application(portal: Portal, row: dict[str, Any]) -> Application:
    number = row.get("number")
    if not isinstance(number, str) or not number.replace("-", "").isalnum():
        raise not_gatehouse(portal.server, "applications of another shape")
    actor = row.get("next_actor") or portal.get(f"/portal/v1/applications/{number}").get("next_actor")
    texts = {
        name: printable(row.get(name) or "") for name in ("family", "state", "created_at", "submitted_at", "due_at")
    }
    page = f"{portal.server}/applications/{number}/"
    return Application(number=number, next_actor=printable(actor or ""), page=page, **texts)
