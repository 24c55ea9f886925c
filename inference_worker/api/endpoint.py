"""Every endpoint's edge: who calls, may they, at what rate; one error shape; an id on every response.

Cookies play no part here, so neither do CSRF checks.
"""

from __future__ import annotations

import asyncio
import secrets
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from access_portal.accounts.models import Scope, User
from access_portal.accounts.tokens import authenticate, bearer
from access_portal.errors import GatehouseError
from access_portal.grants import policy
from inference_worker import queries
from inference_worker.api import errors, rates
from inference_worker.api.errors import ApiError
from inference_worker.completions import BodyError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Caller:
    """Whose token it is, and when the request came."""

    user: User
    now: datetime


Handler = Callable[..., HttpResponseBase]
AsyncHandler = Callable[..., Awaitable[HttpResponseBase]]


def endpoint(**handlers: Handler) -> Handler:
    """A view that answers each method by its handler: `handler(request, caller, **path arguments)`."""

    @csrf_exempt
    def view(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        exchange = Exchange()
        try:
            caller = exchange.enter(request, handlers)
            return exchange.leave(handlers[request.method or ""](request, caller, **arguments))
        except Exception as error:
            return exchange.fail(error)

    return view


def async_endpoint(**handlers: AsyncHandler) -> Callable[..., Coroutine[Any, Any, HttpResponseBase]]:
    """The same for handlers that wait for long."""

    @csrf_exempt
    async def view(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        exchange = Exchange()
        try:
            caller = await sync_to_async(exchange.enter)(request, handlers)
            response = await handlers[request.method or ""](request, caller, **arguments)
            try:
                return await sync_to_async(exchange.leave)(response)
            except asyncio.CancelledError:
                await sync_to_async(response.close)()
                raise
        except Exception as error:
            return await sync_to_async(exchange.fail)(error)

    return view


class Exchange:
    """One request and its response."""

    def __init__(self) -> None:
        self.id = "req_" + secrets.token_urlsafe(18)
        self._caller: Caller | None = None
        self._rate: rates.Rate | None = None

    def enter(self, request: HttpRequest, handlers: dict[str, Any]) -> Caller:
        """The checks that come before anything is looked at; raises ApiError and PermissionRefusedError."""
        now = timezone.now()
        caller = self._caller = Caller(_authenticated(request, now), now)
        policy.require(caller.user, policy.Action.USE_INFERENCE, policy.Office(), now)
        rate = self._rate = rates.count_request(caller.user, now)
        if rate.count > rate.limit:
            wait = {"Retry-After": str(rate.seconds_left)}
            raise ApiError(429, "rate_limit_exceeded", "Too many requests in this minute.", headers=wait)
        if not handlers:
            raise ApiError(404, "route_not_found", f"There is nothing at {request.path[:200]}.")
        if request.method not in handlers:
            allowed = ", ".join(handlers)
            message = f"This address answers {allowed} only."
            raise ApiError(405, "method_not_allowed", message, headers={"Allow": allowed})
        return caller

    def leave(self, response: HttpResponseBase) -> HttpResponseBase:
        response["x-request-id"] = self.id
        response.headers.setdefault("Cache-Control", "no-store")
        if self._caller is not None and self._rate is not None:
            now = self._caller.now
            for name, value in rates.headers(self._rate, queries.quota(self._caller.user, now), now).items():
                response[name] = value
        return response

    def fail(self, error: Exception) -> HttpResponseBase:
        refusal = _refusal(error)
        if refusal is None:
            # The frames without the message: that may quote a prompt.
            frames = "".join(traceback.format_tb(error.__traceback__))
            log.error("api_failed", request_id=self.id, error=type(error).__name__, frames=frames)
            refusal = ApiError(500, "internal_error", f"Something went wrong here; it was noted as {self.id}.")
        return self.leave(errors.response(refusal))


def _authenticated(request: HttpRequest, now: datetime) -> User:
    secret = bearer(request.headers.get("Authorization", ""))
    token = authenticate(secret, now=now, scope=Scope.JOBS) if secret else None
    if token is None:
        raise ApiError(
            401,
            "invalid_api_key",
            "Send a token that may run jobs as `Authorization: Bearer ...`. "
            "This one is missing, wrong, expired or revoked.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return token.user


def _refusal(error: Exception) -> ApiError | None:
    match error:
        case ApiError():
            return error
        case BodyError():
            return errors.from_body(error)
        case GatehouseError():
            return errors.from_house(error)
        case RequestDataTooBig():
            return ApiError(413, "request_too_large", "The body is too large.")
        case BadRequest() | SuspiciousOperation() | MultiPartParserError() | UnreadablePostError():
            return ApiError(400, "invalid_request", "The request could not be read.")
        case _:
            return None


unknown_route = endpoint()
