"""Finds what each room contributes, by the dotted paths in the settings: so no import points the wrong way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from access_portal.accounts.models import User
from access_portal.privacy.section import Hold, Section


class Eraser(Protocol):
    """Takes out of one room what may go with a person."""

    def __call__(self, user: User, now: datetime) -> None: ...


def sections_of(user: User, now: datetime) -> Iterator[Section]:
    """All that the house holds on a person, room by room."""
    for path in settings.PERSONAL_DATA:
        yield from import_string(path)(user, now)


def holds_of(user: User, now: datetime) -> list[Hold]:
    """All that stands in the way of closing this account."""
    found: list[Iterable[Hold]] = [import_string(path)(user, now) for path in settings.PERSONAL_HOLDS]
    return [hold for each in found for hold in each]


def erasers() -> list[Eraser]:
    """In the order in which they run: those that need the name to find its copies come before the name goes."""
    return [import_string(path) for path in settings.PERSONAL_ERASURE]
