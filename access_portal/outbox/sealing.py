"""Secrets that we must be able to use again are kept encrypted under a key derived from GATEHOUSE_SECRET_KEY."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class SecretUnreadableError(Exception):
    """The secret was kept under another GATEHOUSE_SECRET_KEY."""


def seal(secret: str) -> str:
    """Text that tells nothing to whoever reads the database alone."""
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises SecretUnreadableError."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SecretUnreadableError from None


def _box() -> MultiFernet:
    """The first key seals; earlier ones (SECRET_KEY_FALLBACKS) still open."""
    return MultiFernet([_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str | bytes) -> Fernet:
    derived = salted_hmac("access_portal.outbox.sealing", "webhook secrets", secret=secret, algorithm="sha256")
    return Fernet(base64.urlsafe_b64encode(derived.digest()))
