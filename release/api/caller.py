"""Who asks for models and links: the person behind a token, or a stranger where a list is public."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import AuthenticationError
from redis.exceptions import RedisError

from access_portal.accounts.models import Scope
from access_portal.accounts.tokens import authenticate, bearer
from access_portal.api.bearer import TokenRequest, person_of
from access_portal.grants.policy import Actor
from release.client_address import client_address
from release.errors import TooManyRequestsError


def public_reader(request: HttpRequest, now: datetime) -> Actor:
    """Nobody without a header; a header that signs nobody in is refused, whatever is asked for.

    Raises AuthenticationError, PermissionRefusedError for a token of other scopes, TooManyRequestsError.
    """
    header = request.headers.get("Authorization", "")
    if not header:
        _count(f"address:{client_address(request)}", now)
        return AnonymousUser()
    secret = bearer(header)
    token = authenticate(secret, now=now) if secret else None
    if token is None:
        raise AuthenticationError
    _count(f"user:{token.user_id}", now)
    return person_of(token, Scope.DOWNLOAD if Scope.DOWNLOAD in token.scopes else Scope.READ)


def count(request: TokenRequest, now: datetime) -> None:
    """Count one request of the person behind the token; raises TooManyRequestsError."""
    _count(f"user:{request.user.pk}", now)


def _count(who: str, now: datetime) -> None:
    """Counted in the cache: when that is away, nobody is held up."""
    minute, second = divmod(int(now.timestamp()), 60)
    key = f"release-requests:{who}:{minute}"
    try:
        cache.add(key, 0, timeout=120)
        asked = cache.incr(key)
    except (RedisError, ValueError):  # ValueError: the key went between the two calls
        return
    if asked > settings.REQUESTS_PER_MINUTE:
        raise TooManyRequestsError(
            "too_many_requests",
            _("More than %(limit)s requests came within a minute.") % {"limit": settings.REQUESTS_PER_MINUTE},
            _("Wait until the next minute begins."),
            retry_after=60 - second,
        )
