"""How many requests a person has left this minute. Counted in the cache: when that is away, nobody is held up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from access_portal.accounts.models import User
from inference_worker.queries import Quota


@dataclass(frozen=True)
class Rate:
    """`count` requests of `limit` in this minute, of which `seconds_left` remain."""

    limit: int
    count: int
    seconds_left: int


def count_request(user: User, now: datetime) -> Rate:
    """Count one request and say where that leaves its sender."""
    minute, second = divmod(int(now.timestamp()), 60)
    key = f"api-requests:{user.pk}:{minute}"
    try:
        cache.add(key, 0, timeout=120)
        count = cache.incr(key)
    except (RedisError, ValueError):  # ValueError: the key went between the two calls
        count = 0
    return Rate(settings.REQUESTS_PER_MINUTE, count, 60 - second)


def headers(rate: Rate, quota: Quota, now: datetime) -> dict[str, str]:
    """In the words of the API; tokens come anew only with a new grant, so their reset is the end of this one."""
    until_end = 0 if quota.ends_at is None else max(0, int((quota.ends_at - now).total_seconds()))
    return {
        "x-ratelimit-limit-requests": str(rate.limit),
        "x-ratelimit-remaining-requests": str(max(0, rate.limit - rate.count)),
        "x-ratelimit-reset-requests": _duration(rate.seconds_left),
        "x-ratelimit-limit-tokens": str(quota.limit),
        "x-ratelimit-remaining-tokens": str(quota.remaining),
        "x-ratelimit-reset-tokens": _duration(until_end),
    }


def _duration(seconds: int) -> str:
    """`37s`, `6m0s`, `8760h0m0s`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
