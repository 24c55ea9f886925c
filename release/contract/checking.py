"""Trying a store row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import httpx

from release.contract.rows import ROWS, Row
from release.contract.signer_rows import signer_rows
from release.contract.trial import Trial, trial
from release.errors import StorageError, StoreUnavailableError


@dataclass(frozen=True)
class Finding:
    """`cause` is what the store or the network said where a row could not be tried."""

    row: Row
    holds: bool
    cause: str = ""

    @property
    def is_failure(self) -> bool:
        return self.row.needed and not self.holds


def findings(now: datetime) -> Iterator[Finding]:
    """Each row as it is tried; raises StorageError when the store takes nothing at all."""
    with trial(now) as made:
        for row in (*ROWS, *signer_rows()):
            yield _try(row, made)


def _try(row: Row, made: Trial) -> Finding:
    try:
        return Finding(row, row.holds(made))
    except StoreUnavailableError as error:
        return Finding(row, holds=False, cause=error.cause)
    except StorageError as error:
        return Finding(row, holds=False, cause=error.code)
    except httpx.HTTPError as error:
        return Finding(row, holds=False, cause=type(error).__name__)
