"""The API of the portal: one NinjaAPI, whose refusals are problem documents (RFC 9457)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from access_portal.api.bearer import Bearer
from access_portal.api.body import SoundParser
from access_portal.errors import GatehouseError

PROBLEM = "application/problem+json"

api = NinjaAPI(
    title="Gatehouse portal",
    version="1",
    description="Applications, review and grants: the commands of the pages, for programs. Errors follow RFC 9457.",
    urls_namespace="portal_api",
    docs_url=None,
    openapi_url="openapi.json",
    auth=Bearer(),
    parser=SoundParser(),
)


def problem(status: int, code: str, title: str, remedy: str = "", path: str = "", **more: Any) -> HttpResponse:
    """A problem document; `code` is stable, `title` says what is wrong, `remedy` what would help and `path` where."""
    body = {"type": f"about:blank#{code}", "status": status, "code": code, "title": title, "detail": title,
            "remedy": remedy, "remedy_path": path, **more}  # fmt: skip
    return JsonResponse(body, status=status, content_type=PROBLEM)


@api.exception_handler(GatehouseError)
def refused(request: HttpRequest, error: GatehouseError) -> HttpResponse:
    """What the house refuses, in its own words."""
    field = getattr(error, "field", "")
    more = {"field": field} if field else {}
    answer = problem(error.status, error.code, error.explanation, error.remedy, error.remedy_path, **more)
    seconds = getattr(error, "retry_after", None)
    if seconds is not None:
        answer["Retry-After"] = str(seconds)
    return answer


@api.exception_handler(AuthenticationError)
def not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """No token, or one that does not work any more."""
    title = _("This needs a token that works: it is missing, ended, or was revoked.")
    answer = problem(401, "not_signed_in", title, _("Make one on the page of your tokens."), "/account/tokens/")
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(ValidationError)
def unusable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What was sent does not have the shape that is documented; what was sent is not repeated."""
    errors = [{"where": ".".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors]
    return problem(422, "unusable_body", _("The request does not have the documented shape."), errors=errors)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """The body is no JSON."""
    title = _("The body of the request is not JSON, or holds characters that are no text.")
    return problem(error.status_code, "unreadable_body", title)


@api.exception_handler(SuspiciousOperation)
def suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    """More parameters than Django reads, and the like."""
    title = _("The request has more parameters than are read here, or cannot be read.")
    return problem(400, "unreadable_request", title, _("Ask for less at once."))


@api.exception_handler(RequestDataTooBig)
def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """More than any endpoint takes."""
    return problem(413, "body_too_large", _("The body of the request is too large."))


def method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """An address that takes other methods, in the API's own form."""
    title = _("This address does not take %(method)s.") % {"method": request.method}
    answer = problem(405, "method_not_allowed", title, _("It takes %(methods)s.") % {"methods": allowed})
    answer["Allow"] = allowed
    return answer


def unknown_route(request: HttpRequest) -> HttpResponse:
    """An address of the API that does not exist, in the API's own form."""
    return problem(404, "not_found", _("There is nothing at this address."))


@api.exception_handler(Http404)
def nothing_here(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, "not_found", _("There is nothing at this address."))
