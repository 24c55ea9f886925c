"""When two e-mail addresses are one person's, and when a named one is the applicant's own."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from access_portal.accounts.models import User


def same_box(email: str) -> str:
    """The address without case and without what stands after a plus sign: such letters arrive in one box."""
    local, _at, domain = email.strip().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}".casefold()


def verified_addresses(user: User) -> list[str]:
    """Every address that this person has proven to be theirs, the main one first."""
    rows = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "pk")
    return list(rows.values_list("email", flat=True))


def is_own(email: str, user: User) -> bool:
    """Whether nobody but the applicant would be asked."""
    return same_box(email) in {same_box(user.email), *map(same_box, verified_addresses(user))}
