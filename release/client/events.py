"""What a run tells while it works: one kind of event each, for a terminal, for scripts, or for nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """Something that a person should know; the work goes on."""

    text: str


@dataclass(frozen=True)
class Checked:
    """So much of what lies in the folder was read again."""

    done_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Fetched:
    """So much has arrived; what lay there from an earlier run counts."""

    done_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class FileDone:
    """`outcome` is `verified` or `damaged`."""

    path: str
    outcome: str


Event = Notice | Checked | Fetched | FileDone
Tell = Callable[[Event], None]


def nobody(event: Event) -> None:
    """For those who only want the result."""
