"""Names that stand in for people who closed their account."""

from __future__ import annotations

from access_portal.accounts.models import User

PREFIX = "gone-"
DOMAIN = "gone.invalid"  # a domain that never exists (RFC 2606), so nobody can prove an address in it


def free_pseudonym(user: User) -> str:
    """`gone-12`, or `gone-12-2` where somebody took that name once for themselves."""
    wanted, again = f"{PREFIX}{user.pk}", 1
    while User.objects.exclude(pk=user.pk).filter(username=wanted).exists():
        again += 1
        wanted = f"{PREFIX}{user.pk}-{again}"
    return wanted


def address_of(pseudonym: str) -> str:
    return f"{pseudonym}@{DOMAIN}"


def is_gone(user: User) -> bool:
    """Whether this account was closed by its owner."""
    return not user.is_active and is_gone_address(user.email)


def is_gone_address(address: str) -> bool:
    """Whether nobody can be written to there."""
    return address.endswith(f"@{DOMAIN}")
