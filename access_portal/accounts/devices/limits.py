"""How often something may be tried. Counted in the cache, and refused where nobody can count."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from django.core.cache import cache
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from access_portal.accounts.devices.errors import TooManyTriesError
from access_portal.problems import LimitsUnavailableError

HOUR = 3600


@dataclass(frozen=True)
class Limit:
    """At most `most` tries from one person or network; the count is forgotten `seconds` after the first of them."""

    name: str
    most: int
    seconds: int


NEW_CODES = Limit("new", most=30, seconds=HOUR // 4)
GUESSES = Limit("guess", most=10, seconds=HOUR)  # wrong ones, of one person
GUESSES_NEARBY = Limit("nearby", most=60, seconds=HOUR)  # the same from one network, which many may share


def spend(limit: Limit, who: str) -> None:
    """Count a try. Raises TooManyTriesError `too_many_tries` beyond the limit, LimitsUnavailableError."""
    try:
        cache.add(_key(limit, who), 0, limit.seconds)
        tries = cache.incr(_key(limit, who))
    except RedisError:
        raise LimitsUnavailableError from None
    except ValueError:  # the count was forgotten between the two
        tries = 1
    if tries > limit.most:
        raise TooManyTriesError(
            "too_many_tries", _("This was tried too often."), _("Nothing is lost. Wait an hour, then try again.")
        )


def give_back(limit: Limit, who: str) -> None:
    """The try was a good one, and does not count."""
    try:
        cache.decr(_key(limit, who))
    except RedisError:
        raise LimitsUnavailableError from None
    except ValueError:
        return


def network_of(address: str | None) -> str:
    """Whoever has one address of IPv6 has all those that begin in the same way."""
    if address is None or ":" not in address:
        return address or "nowhere"
    return str(ip_network(f"{address}/64", strict=False))


def _key(limit: Limit, who: str) -> str:
    return f"device:{limit.name}:{who}"
