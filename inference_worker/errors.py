"""What this room refuses, and why; `ledger.QuotaShortError` and `model_folder.ModelFilesError` belong to it too.

GatehouseError
├── ConflictError
│   ├── FileInUseError            the input of a batch that has not ended
│   └── BatchNotCancellableError  it has ended, or is ending
├── NotFoundError
│   ├── StoredFileNotFoundError   no such file, or another person's
│   ├── BatchNotFoundError        no such batch, or another person's
│   └── ModelNotFoundError        no such model, or none that is released
└── InvalidError
    ├── IdempotencyReuseError     a key that was used for something else
    └── BatchOrderError           what was ordered cannot be a batch
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from access_portal.errors import ConflictError, InvalidError, NotFoundError


class StoredFileNotFoundError(NotFoundError):
    def __init__(self) -> None:
        super().__init__("file_not_found", _("You have no file with this id."))


class BatchNotFoundError(NotFoundError):
    def __init__(self) -> None:
        super().__init__("batch_not_found", _("You have no batch with this id."))


class ModelNotFoundError(NotFoundError):
    def __init__(self, explanation: str = "", remedy: str = "") -> None:
        super().__init__("model_not_found", explanation or _("There is no such model here."), remedy)


class FileInUseError(ConflictError):
    def __init__(self) -> None:
        super().__init__(
            "file_in_use",
            _("This file is the input of a batch that has not ended."),
            _("Cancel the batch or wait for its end."),
        )


class BatchNotCancellableError(ConflictError):
    def __init__(self, state: str) -> None:
        super().__init__(
            "batch_not_cancellable", _("This batch is %(state)s and cannot be cancelled any more.") % {"state": state}
        )


class IdempotencyReuseError(InvalidError):
    def __init__(self) -> None:
        super().__init__(
            "idempotency_key_reuse",
            _("This Idempotency-Key was sent before with another body."),
            _("Use a new key for a new request."),
        )


class BatchOrderError(InvalidError):
    def __init__(self, explanation: str, *, field: str) -> None:
        super().__init__("invalid_value", explanation, field=field)
