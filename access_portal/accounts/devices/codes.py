"""The two codes of a request: a long one that the program keeps, and a short one that a person reads and types.

The short one has 8 of 20 consonants: 25 thousand million of them, in which no word can be read and no letter be taken
for another. It is kept under a key, since a plain digest of so few could be turned round.
"""

from __future__ import annotations

import hashlib
import secrets

from django.utils.crypto import salted_hmac

PREFIX = "gd_"
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8


def new_device_code() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def new_user_code() -> str:
    return "".join(secrets.choice(LETTERS) for _place in range(LENGTH))


def in_two(code: str) -> str:
    """As people read it: `WDJB-MJHT`."""
    return f"{code[:4]}-{code[4:]}"


def typed(text: str) -> str:
    """The code in what somebody typed or pasted, whatever stands between its letters; empty if there is none."""
    code = "".join(sign for sign in text[:100].upper() if sign.isalnum())
    return code if len(code) == LENGTH and set(code) <= set(LETTERS) else ""


def device_digest(code: str) -> str:
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()


def user_digest(code: str) -> str:
    return salted_hmac("access_portal.accounts.devices.code", code, algorithm="sha256").hexdigest()
