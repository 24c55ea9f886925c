"""A key, a receipt signed with it, and all the ways in which somebody may try to pass another one off."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from access_portal.receipts.keys import public_jwk
from access_portal.receipts.verify import ALGORITHM, TYPE

KEY, OTHER_KEY = OKPKey.generate_key("Ed25519"), OKPKey.generate_key("Ed25519")
CLAIMS: dict[str, Any] = {"iss": "http://testserver", "receipt": "grant", "grant": {"number": "GR-00001"}, "sub": "ada"}
HEADER = {"alg": ALGORITHM, "kid": KEY.thumbprint(), "typ": TYPE}


def key_file(*keys: OKPKey) -> bytes:
    return json.dumps({"keys": [public_jwk(key) for key in keys]}).encode()


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def receipt(header: Mapping[str, Any] = HEADER, claims: Any = CLAIMS, key: OKPKey = KEY) -> bytes:
    """A receipt that is rightly signed, whatever else is wrong with it."""
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{signature(signed, key)}".encode()


def signature(signed: str, key: OKPKey = KEY) -> str:
    assert isinstance(key.private_key, Ed25519PrivateKey)
    return base64.urlsafe_b64encode(key.private_key.sign(signed.encode())).rstrip(b"=").decode()


def signed_with_the_public_key_as_a_secret() -> bytes:
    """The old trick: a symmetric signature whose secret is what we publish."""
    signed = f"{part({**HEADER, 'alg': 'HS256'})}.{part(CLAIMS)}"
    code = hmac.digest(KEY.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(code).rstrip(b'=').decode()}".encode()


def with_its_own_key_inside() -> bytes:
    row = {name: str(value) for name, value in OTHER_KEY.as_dict(private=False).items()}
    return receipt({**HEADER, "kid": OTHER_KEY.thumbprint(), "jwk": row}, key=OTHER_KEY)


def unsigned() -> bytes:
    return f"{part({**HEADER, 'alg': 'none'})}.{part(CLAIMS)}.".encode()


def with_a_signature_of_another_spelling() -> bytes:
    """The last letter of a signature carries bits that Base64 throws away: this one decodes to the same bytes."""
    good = receipt()
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return good[:-1] + letters[letters.index(good[-1]) + 1 :][:1]


def with_a_name_twice() -> bytes:
    text = json.dumps(HEADER)[:-1] + f', "alg": "{ALGORITHM}"' + "}"
    head = base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
    signed = f"{head}.{part(CLAIMS)}"
    return f"{signed}.{signature(signed)}".encode()


FORGERIES: dict[str, bytes] = {
    "nothing": b"",
    "no receipt at all": b"Dear licensee, you may do what you like.",
    "bytes": bytes(range(256)),
    "far too long": b"A" * 1_000_001,
    "two parts": receipt().rsplit(b".", 1)[0],
    "four parts": receipt() + b".AAAA",
    "a space in front": b" " + receipt(),
    "two line ends": receipt() + b"\n\n",
    "padding": receipt() + b"==",
    "alg none, no signature": unsigned(),
    "alg none, signed": receipt({**HEADER, "alg": "none"}),
    "HS256 with the public key": signed_with_the_public_key_as_a_secret(),
    "the same key by the old name of the method": receipt({**HEADER, "alg": "EdDSA"}),
    "another key under our name": receipt(key=OTHER_KEY),
    "another key under its own name": receipt({**HEADER, "kid": OTHER_KEY.thumbprint()}, key=OTHER_KEY),
    "its own key inside": with_its_own_key_inside(),
    "no kid": receipt({name: value for name, value in HEADER.items() if name != "kid"}),
    "a kid that is no text": receipt({**HEADER, "kid": 1}),
    "an extension that must be understood": receipt({**HEADER, "crit": ["b64"], "b64": False}),
    "another kind of statement": receipt({**HEADER, "typ": "JWT"}),
    "no typ": receipt({name: value for name, value in HEADER.items() if name != "typ"}),
    "a header that is a list": receipt([HEADER]),  # type: ignore[arg-type]
    "a name twice": with_a_name_twice(),
    "a signature of another spelling": with_a_signature_of_another_spelling(),
    "content that is a list": receipt(claims=[CLAIMS]),
    "content that says nothing": receipt(claims={}),
    "nested without end": receipt(claims=CLAIMS).split(b".")[0]
    + b"."
    + base64.urlsafe_b64encode(b"[" * 99_999).rstrip(b"=")
    + b"."
    + receipt().rsplit(b".", 1)[1],
}
