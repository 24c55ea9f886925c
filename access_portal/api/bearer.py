"""Who is asking: an API token with its scopes. Staff need their second factor here as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, TypeVar

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from access_portal.accounts.models import ApiToken, Scope, User
from access_portal.accounts.tokens import authenticate
from access_portal.errors import PermissionRefusedError

P = ParamSpec("P")
R = TypeVar("R")


class Bearer(HttpBearer):
    """`Authorization: Bearer gh_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token, if it still works."""
        return authenticate(token.strip(), now=timezone.now())


class TokenRequest(HttpRequest):
    """A request that `Bearer` has let in."""

    auth: ApiToken
    user: User


def needs(
    scope: Scope,
) -> Callable[[Callable[Concatenate[TokenRequest, P], R]], Callable[Concatenate[TokenRequest, P], R]]:
    """Let an endpoint be used by tokens of this scope only; raises PermissionRefusedError `scope_missing`."""

    def decorate(view: Callable[Concatenate[TokenRequest, P], R]) -> Callable[Concatenate[TokenRequest, P], R]:
        @wraps(view)
        def guarded(request: TokenRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            request.user = person_of(request.auth, scope)
            return view(request, *args, **kwargs)

        guarded.__signature__ = signature(view, eval_str=True)  # type: ignore[attr-defined]  # ninja reads it elsewhere
        return guarded

    return decorate


def person_of(token: ApiToken, scope: Scope) -> User:
    """The person behind a token that may be used for this."""
    if scope not in token.scopes:
        raise PermissionRefusedError(
            "scope_missing",
            _("This token may not be used for that: it lacks the scope “%(scope)s”.") % {"scope": scope.value},
            _("Make a token with this scope."),
            "/account/tokens/",
        )
    user: Any = token.user
    if scope == Scope.REVIEW and not is_mfa_enabled(user):
        raise PermissionRefusedError(
            "second_factor_missing",
            _("Whoever sees other people’s applications needs a second factor on the account."),
            _("Set it up in your account."),
            "/account/2fa/",
        )
    return token.user
