"""Which server is meant, and whether it may be spoken to in the clear."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from .errors import UsageError

NAMES_OF_THIS_MACHINE = {"localhost", "localhost.localdomain", "ip6-localhost"}


def server_origin(text: str, *, insecure: bool = False) -> str:
    """`https://host[:port]`, however it was written; raises UsageError. A path is refused: the portal has none."""
    written = text.strip() if "://" in text else f"https://{text.strip()}"
    if not is_address(written):
        raise _unusable(text)
    parts = urlsplit(written)
    if parts.username or parts.path.strip("/") or parts.query or parts.fragment:
        raise _unusable(text)
    require_privacy(written, insecure=insecure)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{shown}" + ("" if parts.port in (None, default) else f":{parts.port}")


def is_address(text: str) -> bool:
    """Whether it can be asked for: http or https, a host with a name that hosts can have, no controls."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        return False
    sound = text.isprintable() and " " not in text and not set(host) & set("\\%")
    return sound and bool(host) and port != 0 and parts.scheme in ("http", "https")


def require_privacy(url: str, *, insecure: bool) -> None:
    """Raises UsageError for an address over which others could read along, unless that was asked for."""
    parts = urlsplit(url)
    if parts.scheme == "https" or insecure or is_this_machine(parts.hostname or ""):
        return
    raise UsageError(
        "insecure_http",
        f"{parts.scheme}://{parts.hostname} is not encrypted: anybody on the way could read your token and the files.",
        "Use https://. If the way is safe by other means, add --insecure-http.",
    )


def is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in NAMES_OF_THIS_MACHINE


def _unusable(text: str) -> UsageError:
    return UsageError(
        "server_unusable",
        f"{text[:200]!r} is not the address of a server.",
        "Give it as https://gatehouse.example, by --server or in GATEHOUSE_SERVER.",
    )
