"""Pages and endpoints of the house itself: home, the account menu, health, robots."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access_portal.accounts.models import User
from access_portal.site import health, version
from access_portal.site.queries import desk_of

ROBOTS = "User-agent: *\nDisallow: /account/\nDisallow: /review/\nDisallow: /v1/\n"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this place is and, for a person signed in, what stands between them and access."""
    now = timezone.now()
    desk = desk_of(request.user, now) if isinstance(request.user, User) else None
    return render(request, "site/home.html", {"desk": desk, "now": now})


@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Where everything about one's own account is found."""
    return render(request, "site/account.html")


@never_cache
@require_safe
def heartbeat(request: HttpRequest) -> JsonResponse:
    """Whether every part that this process needs answers: 200 or 503."""
    parts = health.run_checks()
    healthy = all(part["ok"] for part in parts.values())
    body = {"status": "ok" if healthy else "failed", "parts": parts}
    return JsonResponse(body, status=200 if healthy else 503)


@require_safe
def show_version(request: HttpRequest) -> JsonResponse:
    """Which code is running."""
    return JsonResponse(version.current())


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers are asked to leave alone."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")
