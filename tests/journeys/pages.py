"""The pages that must be sound in every look. Add yours: one line each, and rows in `furniture.py` if it needs any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse
from django.utils import timezone

from access_portal.accounts.models import Role, RoleAssignment
from access_portal.applications.commands import claim
from access_portal.grants.models import Stop
from access_portal.grants.stops import Target, stop
from access_portal.licences.commands import publish_version
from access_portal.licences.models import LicenceAcceptance
from access_portal.questionnaires.commands import publish_form
from access_portal.questionnaires.house import house_definition
from tests.journeys.furniture import House


@dataclass(frozen=True)
class PageCase:
    """One page: how it is called in a report, where it is, who looks at it and with which status it answers."""

    name: str
    path: Callable[[House], str]
    who: str = ""
    status: int = 200


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


def replaced_licence(name: str) -> Callable[[House], str]:
    """A page about the licence of Ada's grant, once a newer text asks to be accepted."""

    def path(house: House) -> str:
        old = house.grant.licence_version
        now = timezone.now()
        text = f"{old.text}\n\n## One more thing\n\nTell us what came of it."
        new = publish_version(
            licence=old.licence, number="9.0", text=text, summary=["Tell us what came of it."], actor=None, now=now,
            reconsent_by=now + timedelta(days=20),
        )  # fmt: skip
        about = {"licence_version": [old.pk], "licence_changes": [new.pk]}
        return reverse(name, args=about.get(name, []))

    return path


def asked_why(action: str, person: str = "") -> Callable[[House], str]:
    return lambda house: f"{reverse('why')}?model=quill-5m&action={action}&person={person}"


def with_stops(house: House) -> str:
    """The page that stops everything, with a person and the house stopped."""
    now = timezone.now()
    for target in (Target(Stop.Scope.PERSON, user=house.ada), Target(Stop.Scope.HOUSE)):
        stop(actor=house.ben, target=target, reason="A file was found in a public place.", now=now)
    return reverse("stop_everything")


def of_the_office(name: str, *args: object) -> Callable[[House], str]:
    """A page for which Ben is given the office's keys."""

    def path(house: House) -> str:
        RoleAssignment.objects.create(user=house.ben, role=Role.ADMIN)
        return reverse(name, args=args)

    return path


def receipt_of_acceptance(house: House) -> str:
    return reverse("acceptance_receipt", args=[LicenceAcceptance.objects.filter(user=house.ada).latest("pk").pk])


def newer_form(house: House) -> str:
    """The house form, after its first question was put in other words."""
    definition = house_definition()
    definition["sections"][0]["questions"][0]["label"]["en"] = "Where you work"
    version = publish_form(family=None, definition=definition, actor=None, now=timezone.now())
    return of_the_office("form_version", version.pk)(house)


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
    PageCase("jobs", named("my_jobs"), "ada"),
    PageCase("jobs without a grant", named("my_jobs"), "cy"),
    PageCase("job, running", lambda house: reverse("job", args=[house.running.pk]), "ada"),
    PageCase("job, done", lambda house: reverse("job", args=[house.done.pk]), "ada"),
    PageCase("job of somebody else", lambda house: reverse("job", args=[house.done.pk]), "cy", 404),
    PageCase("tokens", named("tokens"), "ada"),
    PageCase("messages", named("messages"), "cy"),
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
    PageCase("why, yes", asked_why("download"), "ada"),
    PageCase("why, no", asked_why("infer"), "cy"),
    PageCase("why, about somebody", asked_why("download", "ada"), "ben"),
    PageCase("stop everything", named("stop_everything"), "gus"),
    PageCase("stop everything, with stops", with_stops, "gus"),
    PageCase("licence", lambda house: reverse("licence_version", args=[house.grant.licence_version_id]), "ada"),
    PageCase("licence, replaced", replaced_licence("licence_version"), "ada"),
    PageCase("licence, what changed", replaced_licence("licence_changes"), "ada"),
    PageCase("licences", named("licences")),
    PageCase("my licences", named("my_licences"), "ada"),
    PageCase("my licences, one to accept again", replaced_licence("my_licences"), "ada"),
    PageCase("my licences, none yet", named("my_licences"), "dee"),
    PageCase("publish licences", of_the_office("office_licences"), "ben"),
    PageCase("publish a licence", of_the_office("publish_licence", "research"), "ben"),
    PageCase("receipt of a grant", lambda house: reverse("grant_receipt", args=[house.grant.number]), "ada"),
    PageCase("receipt of an acceptance", receipt_of_acceptance, "ada"),
    PageCase("my grants", named("my_grants"), "ada"),
    PageCase("mail log", named("mail_log"), "gus"),
    PageCase("webhooks", named("webhooks"), "gus"),
    PageCase("webhook", lambda house: reverse("webhook", args=[house.webhook.pk]), "gus"),
    PageCase("account of an operator", named("account"), "gus"),
    PageCase("forms", of_the_office("forms"), "ben"),
    PageCase("form, changed", newer_form, "ben"),
    PageCase("publish a form", of_the_office("publish_form"), "ben"),
]
