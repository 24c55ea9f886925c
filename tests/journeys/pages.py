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

from access_portal.accounts.closing import close_account
from access_portal.accounts.devices.commands import ask as ask_for_codes
from access_portal.accounts.models import Role, RoleAssignment
from access_portal.applications.commands import claim
from access_portal.grants.models import Stop
from access_portal.grants.stops import Target, stop
from access_portal.licences.commands import publish_version
from access_portal.licences.models import LicenceAcceptance
from access_portal.outbox.models import OutboxMail
from access_portal.questionnaires.commands import publish_form
from access_portal.questionnaires.house import house_definition
from access_portal.references.commands import answer_reference
from tests.access_portal.applications.scenes import make_open_family
from tests.access_portal.references.scenes import apply, letters, link_in
from tests.factories import make_user
from tests.journeys import applicant_rooms as rooms
from tests.journeys import catalogue_rooms as catalogue
from tests.journeys import delivery_rooms as delivery
from tests.journeys import grant_rooms as grants
from tests.journeys import publishing_rooms as publishing
from tests.journeys import review_rooms as review
from tests.journeys.furniture import House
from tests.journeys.report_rooms import busy_house, kept_report, own_sentence


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


def with_things_to_forget(house: House) -> str:
    """The page about retention, with old mail and an account that was never confirmed."""
    long_ago = timezone.now() - timedelta(days=400)
    OutboxMail.objects.filter(sent_at__isnull=False).update(created_at=long_ago)
    make_user("mal", verified=False, date_joined=long_ago)
    return of_the_office("retention")(house)


def closed_account(house: House) -> str:
    """The page of somebody whose sign-in was closed."""
    close_account(person=house.cy, reason="left", words="", actor=house.gus, now=timezone.now())
    return reverse("person", args=["cy"])


def checked_chain(house: House) -> str:
    """The event log, once the chain of the waiting case was checked."""
    return f"{of_the_office('audit_log')(house)}?check={house.waiting.subject}"


def receipt_of_acceptance(house: House) -> str:
    return reverse("acceptance_receipt", args=[LicenceAcceptance.objects.filter(user=house.ada).latest("pk").pk])


def newer_form(house: House) -> str:
    """The house form, after its first question was put in other words."""
    definition = house_definition()
    definition["sections"][0]["questions"][0]["label"]["en"] = "Where you work"
    version = publish_form(family=None, definition=definition, actor=None, now=timezone.now())
    return of_the_office("form_version", version.pk)(house)


def reference_asked(_house: House) -> str:
    """The page behind the link that a supervisor gets."""
    apply(make_user("tess"), make_open_family("gosling"), timezone.now())
    return link_in(letters()[-1])


def reference_answered(house: House) -> str:
    """The same link once it was used."""
    path = reference_asked(house)
    secret = path.split("/")[2]
    answer_reference(secret=secret, verdict="unsure", name="Grete", comment="", reader=None, now=timezone.now())
    return path


def status_link(house: House) -> str:
    """As the receipt of the waiting application gives it."""
    receipt = OutboxMail.objects.get(template="application_receipt", about=house.waiting.subject)
    return "/status/" + receipt.body.split("/status/")[1].split()[0]


def program_that_asks(address: str) -> Callable[[House], str]:
    """The page of a program that asks to be signed in from there."""

    def path(house: House) -> str:
        _asked, _device, code = ask_for_codes(
            client_name="gatehouse on login-node-3", scopes=["read", "download", "review"], address=address,
            user_agent="gatehouse/0.1 Linux", now=timezone.now(),
        )  # fmt: skip
        return f"{reverse('activate')}?code={code}"

    return path


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
    PageCase("sign a program in", named("activate"), "ada"),
    PageCase("sign a program in, wrong code", lambda house: "/activate/?code=BBBB-BBBB", "ada", 404),
    PageCase("a program asks", program_that_asks("127.0.0.1"), "ben"),
    PageCase("a program asks from elsewhere", program_that_asks("2001:db8:85a3:8d3:1319:8a2e:370:7348"), "ada"),
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
    PageCase("profile", named("profile"), "ada"),
    PageCase("my data", named("my_data"), "ada"),
    PageCase("my data, next to nothing", named("my_data"), "dee"),
    PageCase("close the account", named("delete_account"), "dot"),
    PageCase("close the account, not yet", named("delete_account"), "ada"),
    PageCase("the account is closed", named("account_closed")),
    PageCase("what is forgotten", with_things_to_forget, "ben"),
    PageCase("not found", lambda house: "/nowhere/at/all/", "", 404),
    PageCase("not a page", named("revoke_token", 1), "ada", 405),
    PageCase("catalogue", named("catalogue")),
    PageCase("catalogue of somebody with a grant", named("catalogue"), "ada"),
    PageCase("family", named("family", "llama")),
    PageCase("family with a grant", named("family", "quill"), "ada"),
    PageCase("variant", named("variant", "llama", "65b")),
    PageCase("release", named("release", "quill", "5m", "v1")),
    PageCase("release with a grant", named("release", "quill", "5m", "v1"), "ada"),
    PageCase("release of two layouts", catalogue.both_layouts, "ada"),
    PageCase("release, every recipe open", catalogue.unfolded, "ada"),
    PageCase("release, deprecated", catalogue.deprecated),
    PageCase("release, withdrawn", catalogue.withdrawn, "ada"),
    PageCase("variant, releases in every state", catalogue.every_state, "ada"),
    PageCase("release while waiting", named("release", "quill", "5m", "v1"), "cy"),
    PageCase("jobs", named("my_jobs"), "ada"),
    PageCase("jobs without a grant", named("my_jobs"), "cy"),
    PageCase("job, running", lambda house: reverse("job", args=[house.running.pk]), "ada"),
    PageCase("job, done", lambda house: reverse("job", args=[house.done.pk]), "ada"),
    PageCase("job of somebody else", lambda house: reverse("job", args=[house.done.pk]), "cy", 404),
    PageCase("tokens", named("tokens"), "ada"),
    PageCase("who you are", named("identity"), "cy"),
    PageCase("ORCID iD, not offered", named("socialaccount_connections"), "ada"),
    PageCase("ORCID, said no", named("socialaccount_login_cancelled")),
    PageCase("ORCID, failed", named("socialaccount_login_error"), "", 401),
    PageCase("reference, asked", reference_asked),
    PageCase("reference, answered", reference_answered),
    PageCase("reference, link over", named("reference", "cut-in-two"), "", 404),
    PageCase("messages", named("messages"), "cy"),
    PageCase("apply", named("apply", "quill"), "eve"),
    PageCase("apply, address not confirmed", named("apply", "quill"), "dee", 403),
    PageCase("my applications", named("my_applications"), "cy"),
    PageCase("application, waiting", lambda house: reverse("application", args=[house.waiting.number]), "cy"),
    PageCase("application, refused", lambda house: reverse("application", args=[house.refused.number]), "eve"),
    PageCase("withdraw", lambda house: reverse("withdraw_application", args=[house.waiting.number]), "cy"),
    PageCase("apply again", lambda house: rooms.again(house.dot), "dot"),
    PageCase("form, empty", lambda house: rooms.empty_draft(house.dot), "dot"),
    PageCase("form, with faults", lambda house: rooms.wrong_draft(house.dot), "dot"),
    PageCase("form, returned", lambda house: rooms.returned_form(house.dot), "dot"),
    PageCase("send, unfinished", lambda house: rooms.unfinished(house.dot), "dot"),
    PageCase("send", lambda house: rooms.finished_draft(house.dot), "dot"),
    PageCase("send, licence", lambda house: rooms.licence_step(house.dot), "dot"),
    PageCase("send again", lambda house: rooms.answered_returned(house.dot), "dot"),
    PageCase("application, returned", lambda house: rooms.returned_page(house.dot), "dot"),
    PageCase("application, approved", lambda house: rooms.approved(house.dot), "dot"),
    PageCase("application, refused with a way back", lambda house: rooms.refused_page(house.dot), "dot"),
    PageCase("application, appealed", lambda house: rooms.appealed(house.dot), "dot"),
    PageCase("appeal", lambda house: rooms.appeal_form(house.dot), "dot"),
    PageCase("status", status_link),
    PageCase("status, wrong secret", named("application_status", "GH-2026-00001", "x"), "", 404),
    PageCase("queue", named("review_queue"), "ben"),
    PageCase("case, waiting", lambda house: reverse("review_case", args=[house.waiting.number]), "ben"),
    PageCase("case, in review", claimed, "ben"),
    PageCase("queue, filtered", review.full_queue, "ben"),
    PageCase("case, talked about", lambda h: review.page_of(review.talked_about(h)), "ben"),
    PageCase("case, every form open", lambda h: review.unfolded(review.talked_about(h)), "ben"),
    PageCase("case, recommended", lambda h: review.page_of(review.recommended(h)), "ben"),
    PageCase("case, final refusal to confirm", lambda h: review.page_of(review.to_confirm(h)), "ben"),
    PageCase("case, approved just now", lambda h: review.page_of(review.approved_just_now(h)), "ben"),
    PageCase("case, on hold", lambda h: review.page_of(review.held(h)), "ben"),
    PageCase("case, appealed", lambda h: review.page_of(review.appealed(h)), "ben"),
    PageCase("case, refused as too near", lambda h: review.page_of(review.too_near(h)), "ben", 403),
    PageCase("decider's desk", review.full_desk, "ben"),
    PageCase("conflicts of interest", review.conflicts, "ben"),
    PageCase("review policies", review.policies, "ben"),
    PageCase("review policy of a family", review.policy_of_quill, "ben"),
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
    PageCase("my grants, of a lab", lambda h: grants.full_lab(h.dot, h.cy, h.release) and reverse("my_grants"), "cy"),
    PageCase("grant", lambda h: grants.page_of(grants.full_lab(h.dot, h.cy, h.release)), "dot"),
    PageCase("grant of my lab", lambda h: grants.page_of(grants.full_lab(h.dot, h.cy, h.release)), "cy"),
    PageCase("grant, suspended", lambda h: grants.page_of(grants.suspended(h.dot, h.ben, h.release)), "dot"),
    PageCase("grant, stopped at once", lambda h: grants.page_of(grants.stopped_at_once(h.dot, h.release)), "dot"),
    PageCase("grant, renewal asked", lambda h: grants.page_of(grants.asked_to_renew(h.dot, h.cy, h.release)), "dot"),
    PageCase("grant of somebody else", lambda h: grants.page_of(h.grant), "dot", 404),
    PageCase("grant, attest", lambda h: grants.page_of(grants.lab_of(h.dot, h.release), "attest_grant"), "dot"),
    PageCase("grant, renew", lambda h: grants.page_of(grants.lab_of(h.dot, h.release), "renew_grant"), "dot"),
    PageCase("grant, renew, new licence", lambda h: grants.renewing_under_a_new_licence(h.dot, h.release), "dot"),
    PageCase("grant, give back", lambda h: grants.page_of(grants.lab_of(h.dot, h.release), "surrender_grant"), "dot"),
    PageCase("lab", lambda h: grants.page_of(grants.full_lab(h.dot, h.cy, h.release), "grant_members"), "dot"),
    PageCase("lab of a member", lambda h: grants.page_of(grants.moving(h.dot, h.cy, h.release), "grant_members"), "cy"),
    PageCase("access log", lambda h: grants.page_of(grants.downloaded(h.dot, h.release), "grant_downloads"), "dot"),
    PageCase("access log, empty", lambda h: grants.page_of(h.grant, "grant_downloads"), "ben"),
    PageCase("join a lab", lambda h: grants.invitation(h.dot, h.cy, h.release), "cy"),
    PageCase("join a lab, signed out", lambda h: grants.invitation(h.dot, h.cy, h.release)),
    PageCase("join a lab, wrong account", lambda h: grants.invitation(h.dot, h.cy, h.release), "eve", 403),
    PageCase("join a lab, dead link", named("join_grant", "used"), "cy", 404),
    PageCase("grants of the office", named("grants_office"), "ben"),
    PageCase("grant in the office", lambda h: grants.page_of(h.grant, "grant_case"), "ben"),
    PageCase(
        "renewal in the office",
        lambda h: grants.page_of(grants.asked_to_renew(h.dot, h.cy, h.release), "grant_case"),
        "ben",
    ),
    PageCase(
        "lab to pass on in the office",
        lambda h: grants.page_of(grants.moving(h.dot, h.cy, h.release), "grant_case"),
        "ben",
    ),
    PageCase(
        "stopped at once in the office",
        lambda h: grants.page_of(grants.stopped_at_once(h.dot, h.release), "grant_case"),
        "ben",
    ),
    PageCase("revocations", lambda h: grants.revocations(h.dot, h.release), "ben"),
    PageCase("transparency", busy_house),
    PageCase("transparency, new house", named("transparency")),
    PageCase("transparency, with a sentence of one's own", own_sentence, "dot"),
    PageCase("reports", lambda house: busy_house(house) and reverse("reports"), "ben"),
    PageCase("reports of a family, kept", kept_report, "ben"),
    PageCase("copy of a case", lambda house: reverse("copy_case", args=[house.waiting.number]), "ben"),
    PageCase("releases", publishing.listed, "ben"),
    PageCase("release in the office, staged", publishing.staged, "ben"),
    PageCase("release in the office, verified", publishing.verified, "ben"),
    PageCase("release in the office, scheduled", publishing.scheduled, "ben"),
    PageCase("release in the office, deprecated", publishing.deprecated, "ben"),
    PageCase("release in the office, withdrawn", publishing.withdrawn, "ben"),
    PageCase("release in the office, to publish", publishing.asking("publish"), "ben"),
    PageCase("release in the office, to schedule", publishing.asking("schedule"), "ben"),
    PageCase("release in the office, to deprecate", publishing.asking("deprecate"), "ben"),
    PageCase("release in the office, to withdraw", publishing.asking("withdraw"), "ben"),
    PageCase("who has a release", delivery.ledger, "ben"),
    PageCase("who has a release, files of one", delivery.ledger_of_one, "ben"),
    PageCase("rehearsal of a withdrawal", delivery.drill, "ben"),
    PageCase("release in the office, embargoed", lambda h: publishing.scheduled(h) + "publish/", "ben", 409),
    PageCase("mail log", named("mail_log"), "gus"),
    PageCase("webhooks", named("webhooks"), "gus"),
    PageCase("webhook", lambda house: reverse("webhook", args=[house.webhook.pk]), "gus"),
    PageCase("account of an operator", named("account"), "gus"),
    PageCase("forms", of_the_office("forms"), "ben"),
    PageCase("form, changed", newer_form, "ben"),
    PageCase("publish a form", of_the_office("publish_form"), "ben"),
    PageCase("office of an administrator", of_the_office("office"), "ben"),
    PageCase("office of an operator", named("office"), "gus"),
    PageCase("office, not for you", named("office"), "ada", 403),
    PageCase("people", named("people"), "gus"),
    PageCase("people, nobody found", lambda house: f"{reverse('people')}?q=nobody-at-all", "gus"),
    PageCase("person", of_the_office("person", "ada"), "ben"),
    PageCase("person, staff", named("person", "ben"), "gus"),
    PageCase("person, oneself", named("person", "gus"), "gus"),
    PageCase("person, closed", closed_account, "gus"),
    PageCase("event log", of_the_office("audit_log"), "ben"),
    PageCase("event log, chain checked", checked_chain, "ben"),
    PageCase("tables", named("admin:index"), "gus"),
    PageCase("table", named("admin:applications_application_changelist"), "gus"),
    PageCase("table, with dates", named("admin:accounts_user_changelist"), "gus"),
    PageCase("table, empty", lambda house: f"{reverse('admin:grants_stop_changelist')}?q=nothing", "gus"),
    PageCase("row", lambda house: reverse("admin:grants_grant_change", args=[house.grant.pk]), "gus"),
]
