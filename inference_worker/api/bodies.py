"""What a request carries, read strictly: its JSON body, its query, its Idempotency-Key."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from inference_worker import strict_json
from inference_worker.api.errors import ApiError
from inference_worker.idempotency import Promise

LONGEST_KEY = 255


def json_object(request: HttpRequest) -> dict[str, Any]:
    """Raises ApiError for anything else than one JSON object."""
    if len(request.body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:  # Django asks the Content-Length, which may be missing
        raise RequestDataTooBig
    try:
        content = strict_json.loads(request.body)
    except ValueError as error:
        raise ApiError(400, "invalid_json", f"The body is not JSON: {error}.") from None
    if not isinstance(content, dict):
        raise ApiError(400, "invalid_type", "The body must be one JSON object.")
    return content


def text(content: dict[str, Any], name: str) -> str:
    """A required string member; raises ApiError."""
    value = content.get(name)
    if value is None:
        raise ApiError(400, "missing_required_parameter", f"{name} is required.", name)
    if not isinstance(value, str):
        raise ApiError(400, "invalid_type", f"{name} must be a string.", name)
    return value


def refuse_unknown(content: dict[str, Any], known: set[str]) -> None:
    for name in content:
        if name not in known:
            raise ApiError(400, "unknown_parameter", f"Unknown parameter: {name[:80]}.", name[:80])


def whole_number(request: HttpRequest, name: str, default: int, low: int, high: int) -> int:
    """A number of the query; raises ApiError."""
    given = request.GET.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) < 10 and low <= int(given) <= high):
        raise ApiError(400, "invalid_value", f"{name} must be a whole number from {low} to {high}.", name)
    return int(given)


def promise(request: HttpRequest) -> Promise | None:
    """The Idempotency-Key with what it stands for; raises ApiError for one that cannot be kept."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        message = f"An Idempotency-Key has from 1 to {LONGEST_KEY} printable ASCII characters."
        raise ApiError(400, "invalid_value", message, "Idempotency-Key")
    digest = hashlib.sha256(request.body).hexdigest()
    return Promise(f"{request.method} {request.path}", key, digest)
