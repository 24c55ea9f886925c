"""How long what is kept: one table, from which the page, `manage.py retention` and the reference page are made.

Each rule names a function that says what is due and, where it can be run by hand, the job of the clock that forgets
it. Both are named by path, since some live in packages that this one does not import.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from access_portal.privacy.section import Due


@dataclass(frozen=True)
class Rule:
    """`due` and `job` are paths to `(now) -> Due` and `(now) -> how many`; without a job it runs by itself only."""

    key: str
    what: str | Promise
    after: str | Promise
    why: str | Promise
    due: str
    job: str = ""


RULES = (
    Rule(
        "case_words",
        _("The words of a closed case: answers, files, messages, notes, signals, reasons, and mails about it"),
        _("as each model family says, two years after closing unless it says otherwise"),
        _("By then nothing can follow from them any more; that it was asked, and how it was answered, stays."),
        "access_portal.applications.forgetting.words_due",
        "access_portal.applications.commands.keeping.anonymise_due",
    ),
    Rule(
        "references",
        _("Names, addresses and comments of people who were asked about a case"),
        _("with the words of the case"),
        _("They belong to the case; that somebody was asked, and the answer, stays."),
        "access_portal.references.keeping.people_due",
        "access_portal.references.keeping.forget_due",
    ),
    Rule(
        "letters",
        _("The record of letters with a link to people who were asked"),
        _("90 days after it was sent"),
        _("The link works for three weeks; the record keeps an address from being written to too often."),
        "access_portal.references.keeping.letters_due",
        "access_portal.references.keeping.forget_letters_due",
    ),
    Rule(
        "invitations",
        _("Name and address in an invitation to a lab that nobody followed"),
        _("30 days after its link ended"),
        _("They are of somebody who never came here."),
        "access_portal.grants.forgetting.invitations_due",
        "access_portal.grants.forgetting.forget_invitations_due",
    ),
    Rule(
        "mail_texts",
        _("The texts of mails"),
        _("365 days after they were written"),
        _("So long one may want to read again what was said; that a mail was sent, and when, stays."),
        "access_portal.outbox.forgetting.texts_due",
        "access_portal.outbox.forgetting.forget_texts_due",
    ),
    Rule(
        "webhook_deliveries",
        _("The record of what was delivered to other systems"),
        _("90 days after it was delivered or given up"),
        _("To find out why a system did not hear of something; after that nobody asks."),
        "access_portal.outbox.forgetting.deliveries_due",
        "access_portal.outbox.forgetting.forget_deliveries_due",
    ),
    Rule(
        "reminders",
        _("Notes that a reminder about a case was sent"),
        _("365 days after it was sent, once the case is closed"),
        _("They keep a reminder from being sent twice."),
        "access_portal.applications.forgetting.reminders_due",
        "access_portal.applications.forgetting.forget_reminders_due",
    ),
    Rule(
        "api_answers",
        _("Answers of the API, kept so that a request sent twice is done once"),
        _("24 hours after the request"),
        _("By then no program tries again."),
        "access_portal.api.once.answers_due",
        "access_portal.api.once.forget_due",
    ),
    Rule(
        "download_addresses",
        _("Network address and program in the log of download links"),
        _("365 days after the link was made"),
        _("To look into a leak while that can still help; who was given which file stays."),
        "release.forgetting.addresses_due",
        "release.forgetting.forget_addresses_due",
    ),
    Rule(
        "unconfirmed_accounts",
        _("Accounts whose address was never confirmed"),
        _("30 days after they were made, if nothing hangs on them"),
        _("Nobody ever signed in with them, and they keep an address that may be somebody else's."),
        "access_portal.accounts.forgetting.unconfirmed_due",
        "access_portal.accounts.forgetting.forget_unconfirmed_due",
    ),
    Rule(
        "device_requests",
        _("Requests of programs to be signed in"),
        _("a day after their code ended"),
        _("To look into a sign-in that somebody did not expect; the token it led to stays in their list."),
        "access_portal.accounts.devices.forgetting.requests_due",
        "access_portal.accounts.devices.forgetting.forget_requests_due",
    ),
    Rule(
        "sessions",
        _("Sessions of browsers"),
        _("at their end, two weeks after signing in"),
        _("They open nothing any more."),
        "access_portal.privacy.sessions.over_due",
        "access_portal.privacy.sessions.forget_over_due",
    ),
    Rule(
        "job_files",
        _("Inputs and results of jobs"),
        _("30 days after they were stored, or as long as their owner said"),
        _("So long one has to fetch them. This happens within seconds, so there is no button."),
        "inference_worker.forgetting.files_due",
    ),
)


def previews(now: datetime) -> Iterator[tuple[Rule, Due]]:
    """What the next run of each rule forgets."""
    for rule in RULES:
        yield rule, import_string(rule.due)(now)


def run(rule: Rule, now: datetime) -> int:
    """Let one rule forget what is due, a slice at a time; returns how many."""
    return int(import_string(rule.job)(now)) if rule.job else 0
