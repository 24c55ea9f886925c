"""Statements into signed receipts, and the keys by which anybody can tell that they are ours."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from joserfc import jws
from joserfc.jwk import OKPKey

from access_portal.errors import GatehouseError
from access_portal.receipts.keys import public_jwk
from access_portal.receipts.verify import ALGORITHM, TYPE, RefusedError, verify


class ReceiptsUnavailableError(GatehouseError):
    """Nobody gave this installation a key, or a receipt that was made is not whole any more."""

    status = 503


def published_keys() -> dict[str, Any]:
    """The JWK Set of all keys that receipts were ever signed with, the present one first."""
    present = [settings.RECEIPT_KEY] if settings.RECEIPT_KEY else []
    return {
        "keys": list({key.thumbprint(): public_jwk(key) for key in [*present, *settings.RECEIPT_OLD_KEYS]}.values())
    }


def published_key_ids() -> list[str]:
    """The names of those keys."""
    return [row["kid"] for row in published_keys()["keys"]]


def signing_key() -> OKPKey:
    """The key of now; raises ReceiptsUnavailableError `receipts_unavailable` where there is none."""
    key: OKPKey | None = settings.RECEIPT_KEY
    if key is None:
        raise ReceiptsUnavailableError(
            "receipts_unavailable",
            _("This site has no key yet to sign receipts with."),
            _("Nothing that you were granted depends on it. Please tell us, then try again later."),
        )
    return key


def sign(claims: dict[str, Any], key: OKPKey, now: datetime) -> str:
    """The compact JWS, dated and with a name of its own."""
    header = {"alg": ALGORITHM, "kid": key.thumbprint(), "typ": TYPE}
    dated = {**claims, "iat": int(now.timestamp()), "jti": str(uuid.uuid4())}
    return jws.serialize_compact(header, canonical(dated), key, algorithms=[ALGORITHM])


def read(token: str) -> dict[str, Any]:
    """What a receipt of ours says, checked as a stranger would; raises ReceiptsUnavailableError `receipt_damaged`."""
    try:
        return verify(token.encode(), canonical(published_keys()))
    except RefusedError as refusal:
        raise ReceiptsUnavailableError(
            "receipt_damaged",
            _("This receipt does not fit the keys that we publish."),
            _("Please tell us: somebody has to look at it."),
        ) from refusal


def canonical(value: dict[str, Any]) -> bytes:
    """One spelling for one content."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_sha256(claims: dict[str, Any]) -> str:
    """The hash of what a receipt says, before it is dated."""
    return hashlib.sha256(canonical(claims)).hexdigest()
