"""Is a receipt genuine? Tells it offline, on anybody's machine: this one file and the package `joserfc` are enough.

    python verify.py RECEIPT.jws KEYS.json

RECEIPT.jws is the file that the portal gave; KEYS.json is what it publishes at /.well-known/gatehouse-receipts.json,
fetched at any time. Exit status: 0 genuine, 1 refused. Nothing of a refused receipt is shown.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

ALGORITHM = "Ed25519"  # RFC 8037, by the name that RFC 9864 gave it
TYPE = "gatehouse-receipt+jwt"
LARGEST_RECEIPT, LARGEST_KEYS = 1_000_000, 1_000_000  # bytes
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class RefusedError(Exception):
    """The receipt is not genuine, or cannot be read; the message says why."""


def verify(receipt: bytes, keys: bytes) -> dict[str, Any]:
    """What a genuine receipt says, or RefusedError. `keys` is a JWK Set with public Ed25519 keys.

    The header must be exactly ours: no other algorithm, no key or certificate inside, no extension. A signature has one
    spelling, although Base64 would allow others that mean the same bytes.
    """
    token = _token(receipt)
    header = _header(token)
    known = _known_keys(keys)
    if header["kid"] not in known:
        raise RefusedError(f"it names a key, {header['kid']!a}, that is not among these {len(known)} public keys")
    try:
        payload = jws.deserialize_compact(token, known[header["kid"]], algorithms=[ALGORITHM]).payload
    except (JoseError, ValueError) as error:
        raise RefusedError("its signature does not fit its content") from error
    claims = _object(payload, "its content is not what we write")
    if not isinstance(claims.get("receipt"), str):
        raise RefusedError("its content is not what we write")
    return claims


def lines(claims: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """What a receipt says, one fact in a line, with nothing that could move a terminal's cursor."""
    for name, value in claims.items():
        if isinstance(value, dict):
            yield from lines(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            for place, item in enumerate(value, start=1):
                yield from lines(item, f"{prefix}{name}.{place}.")
        else:
            yield f"{_printable(prefix + name)}: {_printable(_text(value))}"


def _token(receipt: bytes) -> str:
    """The receipt without the line end that copying may add; nothing else around it is overlooked."""
    if len(receipt) > LARGEST_RECEIPT:
        raise RefusedError("it is far too long")
    bare = receipt.removesuffix(b"\n").removesuffix(b"\r")
    text = bare.decode("ascii", "replace")
    if not COMPACT.fullmatch(text):
        raise RefusedError("it is not three parts of Base64 with dots between them")
    if any(base64.urlsafe_b64encode(_decode(part)).rstrip(b"=").decode() != part for part in text.split(".")):
        raise RefusedError("it is not spelt as it was made")
    return text


def _header(token: str) -> dict[str, str]:
    header = _object(_decode(token.split(".")[0]), "its header cannot be read")
    if header.keys() != {"alg", "kid", "typ"} or not all(isinstance(value, str) for value in header.values()):
        raise RefusedError("its header says more or less than we write: alg, kid, typ")
    if header["alg"] != ALGORITHM:
        raise RefusedError(f"it is signed by another method, {header['alg']!a}")
    if header["typ"] != TYPE:
        raise RefusedError(f"it is something else, {header['typ']!a}")
    return header


def _known_keys(keys: bytes) -> dict[str, OKPKey]:
    """Public keys by their RFC 7638 thumbprint, which is their name whatever name the file gives."""
    document = _object(keys[: LARGEST_KEYS + 1], "the file of keys is not a JWK Set")
    rows = document.get("keys")
    if not isinstance(rows, list):
        raise RefusedError("the file of keys is not a JWK Set")
    found: dict[str, OKPKey] = {}
    for row in rows:
        if isinstance(row, dict) and row.get("kty") == "OKP" and row.get("crv") == "Ed25519":
            try:
                key = OKPKey.import_key({name: str(row.get(name, "")) for name in ("kty", "crv", "x")})
                found[key.thumbprint()] = key
            except (JoseError, ValueError) as error:
                raise RefusedError("the file of keys holds one that cannot be read") from error
    return found


def _object(data: bytes, otherwise: str) -> dict[str, Any]:
    try:
        value = json.loads(data.decode(), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        raise RefusedError(otherwise) from error
    if not isinstance(value, dict):
        raise RefusedError(otherwise)
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
        raise RefusedError("it is not spelt as it was made") from error


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="verify", description="Tell offline whether a receipt is genuine.")
    parser.add_argument("receipt", type=Path, help="the .jws file")
    parser.add_argument("keys", type=Path, help="the public keys, from /.well-known/gatehouse-receipts.json")
    options = parser.parse_args(arguments)
    try:
        claims = verify(options.receipt.read_bytes(), options.keys.read_bytes())
    except OSError as error:
        sys.stderr.write(f"Cannot read {error.filename}: {error.strerror}.\n")
        return 1
    except RefusedError as refusal:
        sys.stderr.write(f"REFUSED: {refusal}.\n")
        return 1
    said = "".join(f"  {line}\n" for line in lines(claims))
    sys.stdout.write(
        f"GENUINE. It says:\n{said}It tells how things stood when it was issued, not how they stand today.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
