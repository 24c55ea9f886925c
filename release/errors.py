"""What this room refuses, and why.

GatehouseError
├── StorageError            the object store (503 unless said otherwise)
│   ├── ObjectMissingError      it answered, and has no such object (404)
│   └── StoreUnavailableError   it did not answer as it should
├── ConflictError
│   └── ReleaseStateError   the release is not in a state for this
├── TooManyRequestsError    ask again later (429)
│   └── DailyBytesUsedError     the grant gives no more download links today
├── NotFoundError
│   └── ReleaseNotFoundError    no such family, variant, release or file
└── InvalidError
    └── ReleaseFilesError   the files cannot be released as they are
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.errors import ConflictError, GatehouseError, InvalidError, NotFoundError


class StorageError(GatehouseError):
    """`key` is the object's key where one is concerned; it is for logs and operators, not in the explanation."""

    status = 503

    def __init__(self, code: str, explanation: str, remedy: str = "", *, key: str = "") -> None:
        super().__init__(code, explanation, remedy)
        self.key = key


class ObjectMissingError(StorageError):
    status = 404

    def __init__(self, key: str) -> None:
        super().__init__(
            "object_missing",
            "The object store does not hold this file.",
            "Tell the operator of this site, who can check the release against the store.",
            key=key,
        )


class StoreUnavailableError(StorageError):
    """`cause` is what the store or the network said, in short: an error code or the name of an exception.

    `passing`: asking again a little later may help.
    """

    def __init__(self, cause: str, *, key: str = "", passing: bool = False) -> None:
        super().__init__(
            "store_unavailable",
            _("The object store that keeps the files did not answer as it should."),
            _("Nothing is lost. Try again in a minute.")
            if passing
            else _("Nothing is lost. Trying again does not help until the operator of this site has seen to it."),
            key=key,
        )
        self.cause = cause
        self.passing = passing

    def __str__(self) -> str:
        return f"{self.explanation} [{self.code}: {self.cause}]"


class ReleaseStateError(ConflictError):
    pass


class TooManyRequestsError(GatehouseError):
    """`retry_after` is in seconds, or None where waiting does not help."""

    status = 429

    def __init__(self, code: str, explanation: str, remedy: str, *, retry_after: int | None) -> None:
        super().__init__(code, explanation, remedy)
        self.retry_after = retry_after


class DailyBytesUsedError(TooManyRequestsError):
    """It opens again at `opens_at`; no `retry_after` when not even a whole day would do."""

    def __init__(self, explanation: str, remedy: str, opens_at: datetime, retry_after: int | None) -> None:
        super().__init__("daily_bytes_used", explanation, remedy, retry_after=retry_after)
        self.opens_at = opens_at


class ReleaseNotFoundError(NotFoundError):
    pass


class ReleaseFilesError(InvalidError):
    """`path` names the file at fault, where there is one."""

    def __init__(self, code: str, explanation: str, remedy: str = "", *, path: str = "") -> None:
        super().__init__(code, explanation, remedy)
        self.path = path
