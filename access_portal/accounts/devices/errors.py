"""What is refused to a program that waits, in the words of RFC 8628, and to whoever tries too often.

Exception
└── PollError               an answer of the token endpoint, and no problem document
GatehouseError
└── TooManyTriesError       429
"""

from __future__ import annotations

from typing import Literal

from access_portal.errors import GatehouseError

Reason = Literal["authorization_pending", "slow_down", "expired_token", "access_denied", "invalid_grant"]


class PollError(Exception):
    """`error` is one of the RFC's words; `description` says it to a person."""

    def __init__(self, error: Reason, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class TooManyTriesError(GatehouseError):
    status = 429
