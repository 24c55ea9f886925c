"""What the API refuses, in the one shape that clients of the completions API know: `{"error": {...}}`.

The only place that turns codes into HTTP statuses and error types.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import JsonResponse

from access_portal.errors import GatehouseError, PermissionRefusedError
from inference_worker.completions import BodyError

TYPES = {401: "authentication_error", 403: "permission_error", 409: "conflict_error", 429: "rate_limit_error"}


class ApiError(Exception):
    """A refusal with its HTTP status; `headers` go out with it."""

    def __init__(
        self, status: int, code: str, message: str, param: str | None = None, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{message} [{code}]")
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = headers or {}


def from_body(error: BodyError) -> ApiError:
    """A request body that cannot be run."""
    return ApiError(error.status, error.code, error.message, error.param)


def from_house(error: GatehouseError) -> ApiError:
    """A refusal of the house: its explanation, its remedy and the page that helps."""
    if isinstance(error, PermissionRefusedError):
        return access_refused(error)
    headers = {"Retry-After": "5"} if error.status == 503 else {}
    param = getattr(error, "field", "") or None
    return ApiError(error.status, error.code, sentences(error), param, headers=headers)


def access_refused(error: PermissionRefusedError, code: str = "access_not_approved") -> ApiError:
    """The policy said no: its words, under the code that clients know."""
    return ApiError(403, code, sentences(error))


def sentences(error: GatehouseError) -> str:
    where = f"{settings.BASE_URL}{error.remedy_path}" if error.remedy_path else ""
    return " ".join(part for part in (error.explanation, error.remedy, where) if part)


def error_type(status: int, code: str) -> str:
    if code == "insufficient_quota":
        return "insufficient_quota"
    if status >= 500:
        return "server_error"
    return TYPES.get(status, "invalid_request_error")


def envelope(status: int, code: str, message: str, param: str | None) -> dict[str, Any]:
    error = {"message": message, "type": error_type(status, code), "param": param, "code": code}
    return {"error": error}


def response(error: ApiError) -> JsonResponse:
    """The answer, telling the client's retry logic whether trying again can help."""
    headers = dict(error.headers)
    final_conflict = error.status == 409 and error.code != "idempotency_in_progress"
    if error.code == "insufficient_quota" or final_conflict:
        headers["x-should-retry"] = "false"
    body = envelope(error.status, error.code, error.message, error.param)
    return JsonResponse(body, status=error.status, headers=headers)
