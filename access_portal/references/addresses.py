"""When two e-mail addresses are one person's, and when a named one is the applicant's own."""

from __future__ import annotations

from access_portal.accounts.models import User
from access_portal.accounts.queries import verified_addresses


def same_box(email: str) -> str:
    """The address without case and without what stands after a plus sign: such letters arrive in one box."""
    local, _at, domain = email.strip().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}".casefold()


def is_own(email: str, user: User) -> bool:
    """Whether nobody but the applicant would be asked."""
    return same_box(email) in {same_box(user.email), *map(same_box, verified_addresses(user))}
