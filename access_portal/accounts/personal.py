"""What the accounts hold on a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.utils.translation import gettext as _

from access_portal.accounts.models import ApiToken, RoleAssignment, User
from access_portal.privacy.section import Section, held


def data_of(user: User, now: datetime) -> Iterable[Section]:
    yield Section(
        key="account",
        title=_("Your account"),
        purpose=_("To know who you are, to write to you, and to write your name on what you are given."),
        kept_for=_("Until you close your account. If you never confirm an address, for 30 days."),
        seen_by=_("You. Reviewers see your name and address beside your applications; a lab sees the names in it."),
        held=(
            held(
                "person", User.objects.filter(pk=user.pk), "username", "email", "full_name", "language",
                "date_joined", "last_login",
            ),
            held("email_addresses", EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
            held("roles", RoleAssignment.objects.filter(user=user), "role", "given_at"),
        ),
    )  # fmt: skip
    yield Section(
        key="signing_in",
        title=_("How you sign in"),
        purpose=_("To let you in, and nobody else."),
        kept_for=_("Until you remove them, or close your account. A session ends after two weeks at the latest."),
        seen_by=_("You alone."),
        held=(
            held(
                "api_tokens", ApiToken.objects.filter(user=user).order_by("pk"), "name", "prefix", "scopes",
                "created_at", "expires_at", "last_used_at", "revoked_at",
            ),
            held("second_factors", Authenticator.objects.filter(user=user), "type", "created_at", "last_used_at"),
            held(
                "linked_accounts", SocialAccount.objects.filter(user=user), "provider", "uid", "extra_data",
                "date_joined", "last_login",
            ),
        ),
        left_out=_("Password, tokens and codes themselves: we keep no copy of them that could be read."),
    )  # fmt: skip
