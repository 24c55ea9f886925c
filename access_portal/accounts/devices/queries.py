"""What a person may let a program do, of what it asks for."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled

from access_portal.accounts.devices.models import DeviceRequest
from access_portal.accounts.models import Scope, User


def offered(asked: DeviceRequest, person: User) -> list[Scope]:
    """The scopes that it asked for, without those that this person could not use."""
    return [scope for scope in Scope if scope in asked.scopes and (scope != Scope.REVIEW or may_review(person))]


def may_review(person: User) -> bool:
    """Whether they hold a role, and the second factor that every token for other people's cases needs."""
    return person.is_office and bool(is_mfa_enabled(person))
