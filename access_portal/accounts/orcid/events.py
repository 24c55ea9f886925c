"""When an ORCID iD was linked with an account, or no longer, is on record; the iD itself is not, for it names."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.utils import timezone

from access_portal.audit.commands import record


def note_linked(sender: Any, sociallogin: SocialLogin, **_more: Any) -> None:
    """Listens to allauth."""
    account = sociallogin.account
    record(
        f"user:{account.user_id}", "orcid_linked", actor=account.user, now=timezone.now(), data={"provider": "orcid"}
    )


def note_unlinked(sender: Any, socialaccount: SocialAccount, **_more: Any) -> None:
    """Listens to allauth."""
    person = socialaccount.user
    record(f"user:{person.pk}", "orcid_unlinked", actor=person, now=timezone.now(), data={"provider": "orcid"})
