"""What owners send: whose request, and what is to become of it. Whatever else is in the body is passed over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError

from access_portal.api.body import is_text
from release.hub import errors
from release.hub.access.requests import Status

LARGEST_BODY = 16 * 1024  # bytes
LONGEST_NAME, LONGEST_REASON = 100, 200  # characters


@dataclass(frozen=True)
class Handling:
    """Of one request, named by its person, its key, or both."""

    user: str
    key: str
    status: Status
    reason: str


def handling(request: HttpRequest) -> Handling:
    """Raises HubError 400."""
    body = _body(request)
    user, key = _text(body, "user", LONGEST_NAME), _text(body, "requestId", LONGEST_NAME)
    if not (user or key):
        raise errors.malformed("Say whose request: user or requestId.")
    status = _text(body, "status", LONGEST_NAME)
    if status not in list(Status):
        raise errors.malformed("status has to be one of: " + ", ".join(Status) + ".")
    reason = _text(body, "rejectionReason", LONGEST_REASON)
    if reason and status != Status.REJECTED:
        raise errors.malformed("rejectionReason goes with the status rejected only.")
    return Handling(user, key, Status(status), reason)


def named_user(request: HttpRequest) -> str:
    """Whom to give access; raises HubError 400."""
    user = _text(_body(request), "user", LONGEST_NAME)
    if not user:
        raise errors.malformed("Say whom: user.")
    return user


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        raw = request.body
        body = json.loads(raw) if len(raw) <= LARGEST_BODY else None
    except (SuspiciousOperation, UnreadablePostError, ValueError, RecursionError) as error:
        raise errors.malformed("The body is not JSON, or is too large.") from error
    if not isinstance(body, dict):
        raise errors.malformed("The body has to be a JSON object, and not a large one.")
    return body


def _text(body: dict[str, Any], name: str, most: int) -> str:
    """A value left out is empty."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most or not is_text(value):
        raise errors.malformed(f"{name} has to be a text of at most {most} characters.")
    return value.strip()
