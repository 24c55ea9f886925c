"""How often one token, or one address without a token, may ask. Counted in the cache: without it nobody is held up."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from release.hub import errors

WINDOW_SECONDS = 300


def count_request(who: str, now: datetime) -> None:
    """Count one request of `who`; raises HubError when that is one too many."""
    window, second = divmod(int(now.timestamp()), WINDOW_SECONDS)
    if _counted(f"hub-requests:{who}:{window}") > settings.HUB_REQUESTS_PER_5_MINUTES:
        raise errors.too_many_requests(settings.HUB_REQUESTS_PER_5_MINUTES, WINDOW_SECONDS, WINDOW_SECONDS - second)


def _counted(key: str) -> int:
    try:
        cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
        return cache.incr(key)
    except (RedisError, ValueError):  # ValueError: the key went between the two calls
        return 0
