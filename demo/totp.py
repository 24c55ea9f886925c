"""Time-based one-time codes, as an authenticator app computes them (RFC 6238)."""

from __future__ import annotations

import base64
import hashlib
import hmac

PERIOD_SECONDS = 30


def code(secret: str, at_seconds: float) -> str:
    """The six digits for this base32 secret at a Unix time."""
    counter = int(at_seconds // PERIOD_SECONDS).to_bytes(8)
    digest = hmac.digest(base64.b32decode(secret, casefold=True), counter, hashlib.sha1)
    offset = digest[-1] & 0x0F
    return f"{(int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF) % 1_000_000:06d}"
