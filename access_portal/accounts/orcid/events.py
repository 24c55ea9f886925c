"""Which ORCID iD signs in to which account is on record, from the day it was linked."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.utils import timezone

from access_portal.audit.commands import record


def note_linked(sender: Any, sociallogin: SocialLogin, **_more: Any) -> None:
    """Listens to allauth."""
    account = sociallogin.account
    record(
        f"user:{account.user_id}", "orcid_linked", actor=account.user, now=timezone.now(), data={"orcid": account.uid}
    )


def note_unlinked(sender: Any, socialaccount: SocialAccount, **_more: Any) -> None:
    """Listens to allauth."""
    person = socialaccount.user
    record(f"user:{person.pk}", "orcid_unlinked", actor=person, now=timezone.now(), data={"orcid": socialaccount.uid})
