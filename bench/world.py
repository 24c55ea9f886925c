"""What the delivery bench downloads, and by whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class World:
    """One release in the store and a person who may have it; `signed` gives fresh links to all files."""

    model: str  # as our client names it
    repo: str  # as Hub clients do
    sizes: dict[str, int]  # by path
    keys: list[str]  # in the store
    token: str
    signed: Callable[[], list[str]]

    @property
    def size_bytes(self) -> int:
        return sum(self.sizes.values())
