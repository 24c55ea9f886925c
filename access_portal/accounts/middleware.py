"""Staff without a second factor get no further than the pages that set one up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from access_portal.accounts.models import User

# By the name of the address: sign in and out, proof of e-mail, second factor, and the language to read it all in.
OPEN_PAGES = ("account_", "mfa_", "set_language")
OPEN_PATHS = ("/__",)  # health, which no person's state may change


class StaffMfaMiddleware(MiddlewareMixin):
    """Send a signed-in person who holds a role to the set-up page until a second factor exists.

    It looks when the page is known and messages can be left, so it costs nothing where no session is read: a
    stranger has no session and causes no query. The mixin serves WSGI and ASGI alike.
    """

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if _is_open(request):
            return None
        user = request.user
        if not isinstance(user, User) or not user.is_office or is_mfa_enabled(user):
            return None
        messages.warning(
            request,
            _(
                "Your role lets you see or decide other people's applications, so your account needs a second factor. "
                "Set it up here; then everything else opens."
            ),
        )
        return redirect("mfa_activate_totp")


def _is_open(request: HttpRequest) -> bool:
    match = request.resolver_match
    name = match.url_name or "" if match else ""
    return name.startswith(OPEN_PAGES) or request.path.startswith(OPEN_PATHS)
