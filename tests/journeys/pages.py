"""The pages that must be sound in every look. Add yours: one line each, and rows in `furnish` if it needs any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.urls import reverse
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.applications.commands import claim
from access_portal.applications.models import Application, State
from access_portal.grants.models import Grant
from release.catalogue.loading import load_catalogue
from release.models import Family, Release
from tests.access_portal.applications.scenes import (
    ANSWERS,
    make_application,
    make_open_family,
    make_staff,
    submit,
)
from tests.factories import make_grant, make_release, make_user


@dataclass(frozen=True)
class House:
    """A furnished house: the cast and the things that pages are about."""

    ada: User  # holds a grant
    ben: User  # reviewer with a second factor
    cy: User  # applied, and waits
    eve: User  # nothing but an account
    dee: User  # has not confirmed the address
    family: Family
    release: Release
    grant: Grant
    waiting: Application  # of Cy
    refused: Application  # of Eve, by Ben


@dataclass(frozen=True)
class PageCase:
    """One page: how it is called in a report, where it is, who looks at it and with which status it answers."""

    name: str
    path: Callable[[House], str]
    who: str = ""
    status: int = 200


def furnish() -> House:
    """Rows for every page of `PAGES`."""
    ada, ben, cy = make_user("ada"), make_staff("ben", Role.REVIEWER, Role.DECIDER), make_user("cy")
    eve, dee = make_user("eve"), make_user("dee", verified=False)
    RecoveryCodes.activate(ben)
    load_catalogue(now=timezone.now())
    family = Family.objects.get(slug="quill")
    release = make_release(family.variants.get(slug="5m"))
    grant = make_grant(ada, family)
    waiting = submit(cy, family, answers={**ANSWERS, "sizes": ["5m"]})
    refused = make_application(eve, make_open_family("gander"), State.REFUSED, holder=ben)
    return House(ada, ben, cy, eve, dee, family, release, grant, waiting, refused)


def named(name: str, *args: object) -> Callable[[House], str]:
    """The path of a page that is the same in every house."""
    return lambda house: reverse(name, args=args)


def confirmation(house: House) -> str:
    return reverse("account_confirm_email", args=[EmailConfirmationHMAC(EmailAddress.objects.get(user=house.dee)).key])


def password_link(house: House) -> str:
    key = default_token_generator.make_token(house.cy)
    return reverse("account_reset_password_from_key", args=[user_pk_to_url_str(house.cy), key])


def claimed(house: House) -> str:
    """The waiting case, once Ben has taken it."""
    claim(actor=house.ben, number=str(house.waiting.number), version=house.waiting.version, now=timezone.now())
    return reverse("review_case", args=[house.waiting.number])


PAGES = [
    PageCase("home", named("home")),
    PageCase("home signed in", named("home"), "ada"),
    PageCase("home of a newcomer", named("home"), "dee"),
    PageCase("home of an applicant", named("home"), "cy"),
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
    PageCase("not a page", named("revoke_token", 1), "ada", 405),
    PageCase("catalogue", named("catalogue")),
    PageCase("family", named("family", "llama")),
    PageCase("family with a grant", named("family", "quill"), "ada"),
    PageCase("variant", named("variant", "llama", "65b")),
    PageCase("release", named("release", "quill", "5m", "v1")),
    PageCase("release with a grant", named("release", "quill", "5m", "v1"), "ada"),
    PageCase("release while waiting", named("release", "quill", "5m", "v1"), "cy"),
    PageCase("tokens", named("tokens"), "ada"),
    PageCase("messages", named("messages"), "ada"),
    PageCase("apply", named("apply", "quill"), "eve"),
    PageCase("apply, address not confirmed", named("apply", "quill"), "dee", 403),
    PageCase("my applications", named("my_applications"), "cy"),
    PageCase("application, waiting", lambda house: reverse("application", args=[house.waiting.number]), "cy"),
    PageCase("application, refused", lambda house: reverse("application", args=[house.refused.number]), "eve"),
    PageCase("withdraw", lambda house: reverse("withdraw_application", args=[house.waiting.number]), "cy"),
    PageCase("queue", named("review_queue"), "ben"),
    PageCase("case, waiting", lambda house: reverse("review_case", args=[house.waiting.number]), "ben"),
    PageCase("case, in review", claimed, "ben"),
    PageCase("case, refused", lambda house: reverse("review_case", args=[house.refused.number]), "ben"),
    PageCase("licence", lambda house: reverse("licence_version", args=[house.grant.licence_version_id]), "ada"),
    PageCase("my grants", named("my_grants"), "ada"),
]
