"""Where webhooks may go: never into the network that this site stands in.

Whoever adds an endpoint chooses an address that our server then calls. So names are resolved here, each address is
judged, and the connection goes to the address that was judged: a name that points elsewhere a moment later gains
nothing.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from access_portal.errors import InvalidError

LONGEST_URL = 500
NAT64 = IPv6Network("64:ff9b::/96")  # addresses that carry an IPv4 address in their last 32 bits
PORTS = {"http": 80, "https": 443}
Address = IPv4Address | IPv6Address


class AddressRefusedError(Exception):
    """The name leads to an address that we do not call."""


def check_url(text: str) -> str:
    """The address as it is kept. Raises InvalidError (field `url`) for one that can never be called."""
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL:
        raise _unusable(_("This is not an address that we can read.")) from None
    if len(str(url)) > LONGEST_URL:
        raise _unusable(_("The address is too long."))
    if url.scheme not in PORTS or not url.host:
        raise _unusable(_("The address has to begin with https:// and name a host."))
    if url.port is not None and not 0 < url.port < 65536:
        raise _unusable(_("There is no such port."))
    if url.userinfo or url.fragment:
        raise _unusable(_("Leave the password and the part after # out of the address."))
    if url.scheme == "http" and not (_is_loopback_open() and _names_loopback(url.host)):
        raise _unusable(_("The address has to begin with https://."))
    literal = _literal(url.host)
    if literal is not None and not _is_allowed(literal, url.scheme):
        raise _unusable(_("That address lies in a private network, which we do not call."))
    return str(url)


async def addresses_of(url: httpx.URL) -> list[str]:
    """The addresses to connect to, in the order of the resolver; none of them leads where we do not go.

    Raises AddressRefusedError if any of them does, and socket.gaierror for a name that nobody knows.
    """
    host = url.raw_host.decode("ascii").strip("[]")
    port = url.port or PORTS[url.scheme]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(_is_allowed(ip_address(address), url.scheme) for address in addresses):
        raise AddressRefusedError
    return addresses


def _is_allowed(address: Address, scheme: str) -> bool:
    real = _inner(address)
    if real.is_loopback:
        return _is_loopback_open() or (settings.WEBHOOK_ALLOW_PRIVATE and scheme == "https")
    if scheme != "https" or real.is_multicast or real.is_link_local or real.is_unspecified or real.is_reserved:
        return False
    is_site_local = isinstance(real, IPv6Address) and real.is_site_local  # the private addresses of old
    return (real.is_global and not is_site_local) or settings.WEBHOOK_ALLOW_PRIVATE


def _inner(address: Address) -> Address:
    """An IPv6 address may only be the wrapping of an IPv4 address, which is the one that counts."""
    if isinstance(address, IPv4Address):
        return address
    wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
    if address in NAT64:
        wrapped = IPv4Address(int(address) & 0xFFFFFFFF)
    return wrapped or address


def _is_loopback_open() -> bool:
    """On a demonstration or a developer's machine the receiver is a neighbour."""
    return settings.DEMO or settings.DEBUG


def _names_loopback(host: str) -> bool:
    literal = _literal(host)
    return host == "localhost" if literal is None else _inner(literal).is_loopback


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _unusable(why: str) -> InvalidError:
    return InvalidError("webhook_url", why, _("Give the https:// address of the receiver."), field="url")
