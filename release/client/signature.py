"""The signature of a manifest: a compact JWS (RFC 7515, Ed25519) that names the manifest by its SHA-256.

The signature is a file of its own beside the manifest, and the publisher's keys are a JWK Set; with the three anybody
can tell offline what was published. A signature has one spelling, so a changed byte in any of the three is noticed,
but for changes to keys that did not sign.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from .errors import SignatureError

ALGORITHM = "Ed25519"  # RFC 8037, by the name that RFC 9864 gave it
TYPE = "gatehouse-release+jws"
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
LARGEST = 100_000  # bytes, of a signature or of a file of keys


@dataclass(frozen=True)
class Statement:
    """What is signed: this manifest was published as this version of this model at this second (UNIX time)."""

    model: str
    version: str
    manifest_sha256: str
    published_at: int


def sign(statement: Statement, key: OKPKey) -> str:
    """The signature as text on one line."""
    header = {"alg": ALGORITHM, "kid": key.thumbprint(), "typ": TYPE}
    payload = json.dumps(vars(statement), sort_keys=True, separators=(",", ":")).encode()
    return jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])


def verify(manifest: bytes, signature: bytes, keys: bytes) -> Statement:
    """What the signature says of these very bytes; raises SignatureError. `keys` is a JWK Set."""
    token = _token(signature)
    header = _object(_decode(token.split(".")[0]))
    if header.keys() != {"alg", "kid", "typ"} or header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise _refused("it is not a signature of a release")
    known, key = _known_keys(keys), signer(signature)
    if key not in known:
        raise _refused("it was made with a key that is not among the publisher's")
    try:
        payload = jws.deserialize_compact(token, known[key], algorithms=[ALGORITHM]).payload
    except (JoseError, ValueError) as error:
        raise _refused("it does not fit its own content") from error
    statement = _statement(_object(payload))
    if statement.manifest_sha256 != sha256(manifest).hexdigest():
        raise _refused("it belongs to another manifest")
    return statement


def signer(signature: bytes) -> str:
    """The thumbprint of the key that the signature names; raises SignatureError. It says nothing about its truth."""
    name = _object(_decode(_token(signature).split(".")[0])).get("kid")
    if not isinstance(name, str):
        raise _refused("it names no key")
    return name


def thumbprints(keys: bytes) -> frozenset[str]:
    """The keys of a JWK Set that can sign releases, by name; raises SignatureError."""
    return frozenset(_known_keys(keys))


def _statement(content: dict[str, Any]) -> Statement:
    kinds = {"model": str, "version": str, "manifest_sha256": str, "published_at": int}
    if content.keys() != kinds.keys() or any(type(content[name]) is not kind for name, kind in kinds.items()):
        raise _refused("its content is not what a publisher writes")
    return Statement(**content)


def _token(signature: bytes) -> str:
    """The signature without the line end that copying may add; no other spelling is overlooked."""
    text = signature[: LARGEST + 1].removesuffix(b"\n").removesuffix(b"\r").decode("ascii", "replace")
    if len(text) > LARGEST or not COMPACT.fullmatch(text):
        raise _refused("it is not three parts of Base64 with dots between them")
    if any(base64.urlsafe_b64encode(_decode(part)).rstrip(b"=").decode() != part for part in text.split(".")):
        raise _refused("it is not spelt as it was made")
    return text


def _known_keys(keys: bytes) -> dict[str, OKPKey]:
    """Public keys by their RFC 7638 thumbprint, which is their name whatever name the file gives."""
    rows = _object(keys[: LARGEST + 1]).get("keys")
    if not isinstance(rows, list):
        raise _refused("the file of keys is not a JWK Set")
    found: dict[str, OKPKey] = {}
    for row in rows:
        if isinstance(row, dict) and row.get("kty") == "OKP" and row.get("crv") == "Ed25519":
            try:
                key = OKPKey.import_key({name: str(row.get(name, "")) for name in ("kty", "crv", "x")})
            except (JoseError, ValueError) as error:
                raise _refused("the file of keys holds one that cannot be read") from error
            found[key.thumbprint()] = key
    return found


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data.decode(), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        raise _refused("it or the file of keys cannot be read") from error
    if not isinstance(value, dict):
        raise _refused("it or the file of keys cannot be read")
    return value


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers disagree about which of two equal names counts, so there are none."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _decode(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise _refused("it is not spelt as it was made") from error


def _refused(reason: str) -> SignatureError:
    return SignatureError(
        "signature_invalid",
        f"The signature of this release was refused: {reason}.",
        "Do not use these files. Fetch manifest and signature again; if that does not help, tell the publisher.",
    )
