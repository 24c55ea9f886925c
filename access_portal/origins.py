"""What browsers and clients take for one and the same site."""

from urllib.parse import urlsplit

USUAL_PORTS = {"http": 80, "https": 443}


def origin_of(address: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address; raises ValueError for a port that is none."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or USUAL_PORTS.get(parts.scheme)
