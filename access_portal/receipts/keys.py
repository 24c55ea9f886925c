"""Ed25519 keys of receipts: reading them from settings, and making a new one. Knows no Django: settings import this."""

from __future__ import annotations

import base64
import json
from binascii import Error as BinasciiError

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey


def read_private_key(text: str, variable: str) -> OKPKey | None:
    """The signing key from a private JWK, a PEM, or the PEM's Base64 alone on one line; None for an empty text.

    Raises ValueError that names `variable` and never the text.
    """
    if not text.strip():
        return None
    try:
        key = _read(text.strip())
    except (JoseError, ValueError, TypeError, BinasciiError):
        key = None
    if key is None or not key.is_private or key.as_dict(private=False).get("crv") != "Ed25519":
        raise ValueError(
            f"{variable} must be a private Ed25519 key: a JWK, a PEM, or what `manage.py receipts key` prints"
        )
    return key


def read_public_keys(text: str, variable: str) -> list[OKPKey]:
    """Keys that signed in earlier times, from a JWK Set; private parts are dropped. Raises ValueError."""
    if not text.strip():
        return []
    try:
        rows = json.loads(text)["keys"]
        keys = [OKPKey.import_key({name: row[name] for name in ("kty", "crv", "x")}) for row in rows]
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{variable} must be a JWK Set: {{'keys': [...]}} with Ed25519 keys") from error
    if any(key.as_dict(private=False)["crv"] != "Ed25519" for key in keys):
        raise ValueError(f"{variable} must hold Ed25519 keys only")
    return keys


def public_jwk(key: OKPKey) -> dict[str, str]:
    """A key as it is published."""
    row = key.as_dict(private=False)
    return {"kty": "OKP", "crv": "Ed25519", "x": str(row["x"]), "kid": key.thumbprint(), "use": "sig", "alg": "Ed25519"}


def new_private_key() -> str:
    """A key as one line of Base64, fit for an environment file."""
    return base64.b64encode(OKPKey.generate_key("Ed25519").as_der(private=True)).decode()


def _read(text: str) -> OKPKey:
    if text.startswith("{"):
        return OKPKey.import_key(json.loads(text))
    if text.startswith("-----"):
        return OKPKey.import_key(text)
    return OKPKey.import_key(base64.b64decode(text, validate=True))
