"""The pages that must be sound in every look. Add yours: one line each, and rows in `furnish` if it needs any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import reverse

from access_portal.accounts.models import Role, User
from access_portal.grants.models import Grant
from release.models import Family, Release
from tests.factories import make_family, make_grant, make_release, make_user, make_variant


@dataclass(frozen=True)
class House:
    """A furnished house: the cast and the things that pages are about."""

    ada: User  # holds a grant
    ben: User  # reviewer with a second factor
    cy: User  # nothing but an account
    family: Family
    release: Release
    grant: Grant


@dataclass(frozen=True)
class PageCase:
    """One page: how it is called in a report, where it is, who looks at it and with which status it answers."""

    name: str
    path: Callable[[House], str]
    who: str = ""
    status: int = 200


def furnish() -> House:
    """Rows for every page of `PAGES`."""
    ada, ben, cy = make_user("ada"), make_user("ben", Role.REVIEWER, Role.DECIDER), make_user("cy")
    TOTP.activate(ben, generate_totp_secret())
    RecoveryCodes.activate(ben)
    family = make_family("quill")
    release = make_release(make_variant(family, "5m"))
    return House(ada, ben, cy, family, release, make_grant(ada, family))


def named(name: str, *args: object) -> Callable[[House], str]:
    """The path of a page that is the same in every house."""
    return lambda house: reverse(name, args=args)


def confirmation(house: House) -> str:
    return reverse("account_confirm_email", args=[EmailConfirmationHMAC(EmailAddress.objects.get(user=house.cy)).key])


def password_link(house: House) -> str:
    key = default_token_generator.make_token(house.cy)
    return reverse("account_reset_password_from_key", args=[user_pk_to_url_str(house.cy), key])


PAGES = [
    PageCase("home", named("home")),
    PageCase("home signed in", named("home"), "ada"),
    PageCase("home of a newcomer", named("home"), "cy"),
    PageCase("home of a reviewer", named("home"), "ben"),
    PageCase("sign in", named("account_login")),
    PageCase("create account", named("account_signup")),
    PageCase("verification sent", named("account_email_verification_sent")),
    PageCase("confirm address", confirmation),
    PageCase("confirm address, stale link", named("account_confirm_email", "stale")),
    PageCase("reset password", named("account_reset_password")),
    PageCase("reset password, sent", named("account_reset_password_done")),
    PageCase("reset password, stale link", named("account_reset_password_from_key", "1", "bad-key")),
    PageCase("new password", password_link),
    PageCase("account closed", named("account_inactive")),
    PageCase("account", named("account"), "ada"),
    PageCase("e-mail addresses", named("account_email"), "ada"),
    PageCase("change password", named("account_change_password"), "ada"),
    PageCase("second step, off", named("mfa_index"), "ada"),
    PageCase("second step, on", named("mfa_index"), "ben"),
    PageCase("set up second step", named("mfa_activate_totp"), "ada"),
    PageCase("switch off second step", named("mfa_deactivate_totp"), "ben"),
    PageCase("recovery codes", named("mfa_view_recovery_codes"), "ben"),
    PageCase("new recovery codes", named("mfa_generate_recovery_codes"), "ben"),
    PageCase("confirm with password", named("account_reauthenticate"), "ada"),
    PageCase("confirm with code", named("mfa_reauthenticate"), "ben"),
    PageCase("sign out", named("account_logout"), "ada"),
    PageCase("not found", lambda house: "/nowhere/at/all/", "", 404),
    PageCase("not a page", named("withdraw_application", "GH-2026-00001"), "ada", 405),
    PageCase("tokens", named("tokens"), "ada"),
    PageCase("messages", named("messages"), "ada"),
    PageCase("my grants", named("my_grants"), "ada"),
]
