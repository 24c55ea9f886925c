"""Turns what the house refuses into a page; the API edges turn the same errors into JSON of their own."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from access_portal.errors import GatehouseError

log = structlog.get_logger(__name__)


class LimitsUnavailableError(GatehouseError):
    """Nobody counts how often a password was guessed, so nobody may guess: closed, and said plainly."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "limits_unavailable",
            _("A part of this site that this page needs does not answer."),
            _("Nothing is lost. Try again in a minute."),
        )


class ProblemMiddleware:
    """A GatehouseError that leaves a page's view becomes a page with cause, cure and code."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and not response.content and request.accepts("text/html"):
            page = render(request, "405.html", status=405)
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, RedisError):
            log.error("redis_unavailable", error=type(exception).__name__, path=request.path)
            exception = LimitsUnavailableError()
        if not isinstance(exception, GatehouseError):
            return None
        if exception.code == "not_signed_in":
            return redirect_to_login(request.get_full_path())
        return render(request, "problem.html", {"problem": exception}, status=exception.status)
