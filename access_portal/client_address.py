"""Where a request came from, as far as that can be believed."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address seen by the outermost of our own proxies; None when it is not an address.

    Each proxy adds to the right of X-Forwarded-For what it saw; whatever stands further left, the client wrote itself.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        seen = request.headers.get("X-Forwarded-For", "").split(",")
        if len(seen) >= settings.TRUSTED_PROXIES:
            address = seen[-settings.TRUSTED_PROXIES].strip()
    try:
        found = ip_address(address.partition("%")[0])  # without the zone of a link-local one
    except ValueError:
        return None
    # A socket of both kinds shows IPv4 as ::ffff:a.b.c.d; taken for IPv6, all of them would be one network.
    return str((found.ipv4_mapped if isinstance(found, IPv6Address) else None) or found)
