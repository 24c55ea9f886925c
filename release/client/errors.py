"""What a reader of releases refuses. The client is installed without the portal, so it has a tree of its own.

ClientError
├── ManifestError    this manifest cannot be used
└── SignatureError   it is not shown to be the publisher's
"""

from __future__ import annotations


class ClientError(Exception):
    """`code` is stable and for programs; `explanation` and `remedy` are sentences that a person reads."""

    def __init__(self, code: str, explanation: str, remedy: str = "") -> None:
        super().__init__(f"{explanation} [{code}]")
        self.code = code
        self.explanation = explanation
        self.remedy = remedy


class ManifestError(ClientError):
    pass


class SignatureError(ClientError):
    pass
