"""What becomes of an account when its owner closes it: the row stays under a pseudonym, since others point to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.utils.translation import gettext as _

from access_portal.accounts.models import ApiToken, User
from access_portal.accounts.pseudonyms import address_of, free_pseudonym
from access_portal.privacy.section import Hold


def holds(user: User, now: datetime) -> Iterable[Hold]:
    if user.is_office or user.is_staff or user.is_superuser:
        yield Hold(
            "roles_held",
            _("You work here: your account holds a role, and colleagues rely on who did what."),
            _("Ask an administrator to take your roles away. Then you can close the account."),
        )


def erase(user: User, now: datetime) -> None:
    """Nothing that signs in is left, and nothing that names; comes last, since other rooms look for the name."""
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
    ApiToken.objects.filter(user=user).update(name="", prefix="")
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    user.groups.clear()
    user.user_permissions.clear()
    user.username = free_pseudonym(user)
    user.email, user.full_name, user.language = address_of(user.username), "", settings.LANGUAGE_CODE
    user.is_active, user.last_login = False, None
    user.set_unusable_password()
    user.save()
