"""Which server is meant, and whether it may be spoken to in the clear."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from .errors import UsageError

NAMES_OF_THIS_MACHINE = {"localhost", "localhost.localdomain", "ip6-localhost"}


def server_origin(text: str, *, insecure: bool = False) -> str:
    """`https://host[:port]`, however it was written; raises UsageError. A path is refused: the portal has none."""
    written = text.strip() if "://" in text else f"https://{text.strip()}"
    try:
        parts = urlsplit(written)
        port = parts.port
    except ValueError:
        raise _unusable(text) from None
    host = parts.hostname or ""
    sound = parts.scheme in ("http", "https") and host and host.isprintable() and not set(host) & set(" \\%")
    if not sound or parts.username or parts.path.strip("/") or parts.query or parts.fragment:
        raise _unusable(text)
    require_privacy(written, insecure=insecure)
    shown = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{shown}" + ("" if port in (None, default) else f":{port}")


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
