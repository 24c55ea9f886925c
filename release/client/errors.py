"""What a reader of releases refuses. The client is installed without the portal, so it has a tree of its own.

ClientError
├── ManifestError    this manifest cannot be used
├── SignatureError   it is not shown to be the publisher's
├── DamagedError     bytes are not those that were published
├── SignInError      the server does not know who asks
├── AccessError      it knows, and refuses
├── RefusedError     it cannot be done as asked
│   └── UsageError   because it was asked in words that mean nothing here
├── NetworkError     server or store gave no answer that can be used; another try may help
└── NoSpaceError     the disk is full
"""

from __future__ import annotations


class ClientError(Exception):
    """`code` is stable and for programs; `explanation` and `remedy` are sentences that a person reads.

    `link` is a page that helps, or empty; `retry_after_seconds` is what the other side asked for, if it did.
    """

    retry_after_seconds: float | None = None

    def __init__(self, code: str, explanation: str, remedy: str = "", link: str = "") -> None:
        super().__init__(f"{explanation} [{code}]")
        self.code = code
        self.explanation = explanation
        self.remedy = remedy
        self.link = link


class ManifestError(ClientError):
    pass


class SignatureError(ClientError):
    pass


class DamagedError(ClientError):
    """`path` is the file of the release that is meant, where it is one."""

    path = ""


class SignInError(ClientError):
    pass


class AccessError(ClientError):
    pass


class RefusedError(ClientError):
    pass


class UsageError(RefusedError):
    pass


class NetworkError(ClientError):
    pass


class NoSpaceError(ClientError):
    pass
