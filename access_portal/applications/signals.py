"""What is worth a look in a case, each with its source. Signals advise a reviewer and decide nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_noop

from access_portal.applications.evidence import DomainSign, domain_sign
from access_portal.applications.models import Application, Round, Signal
from access_portal.applications.watched_countries import LIST_VERSION, WATCHED

Level = Signal.Level
NEW_ACCOUNT = timedelta(days=2)
LONG_ENOUGH = 200  # characters of a purpose, from which on the same words are no accident

TITLES = {
    "free_mail": gettext_noop("The address is of a free mail provider"),
    "affiliation_matches": gettext_noop("The address resembles the institution"),
    "affiliation_unclear": gettext_noop("The address does not resemble the institution"),
    "watched_country": gettext_noop("The country is on the list of export restrictions"),
    "duplicate_applicant": gettext_noop("Somebody with the same name, ORCID or page has applied as well"),
    "same_purpose": gettext_noop("The purpose has the same words as another application"),
    "new_account": gettext_noop("The account is new"),
    "vouched_from_free_mail": gettext_noop("Whoever vouches for the work is named with a free mail address"),
    "orcid_signed_in": gettext_noop("Signed in with the ORCID named"),
    "voucher_confirmed": gettext_noop("Confirmed by the person named"),
    "voucher_denied": gettext_noop("Denied by the person named"),
}


@dataclass(frozen=True)
class Seen:
    """One signal before it is kept."""

    kind: str
    level: Level
    value: str
    source: str = "answers"


def note_signals(application: Application, now: datetime) -> None:
    """Look at what was just sent, once for each round."""
    for seen in _look(application, now):
        keep_signal(application, seen, now)


def keep_signal(application: Application, seen: Seen, now: datetime) -> None:
    """Keep one signal of the current round; the same one twice is kept once."""
    Signal.objects.get_or_create(
        application=application,
        round=application.rounds,
        kind=seen.kind,
        value=seen.value[:300],
        defaults={"level": seen.level, "source": seen.source, "at": now},
    )


def _look(application: Application, now: datetime) -> Iterator[Seen]:
    yield from _address(application)
    yield from _country(application)
    yield from _duplicates(application)
    yield from _same_purpose(application)
    age = now - application.applicant.date_joined
    if age < NEW_ACCOUNT:
        yield Seen("new_account", Level.NOTE, f"{int(age.total_seconds() // 3600)} h", "account")
    for question in ("supervisor_email", "referee_email"):
        address = str(application.answers.get(question, ""))
        if address and domain_sign(address.rpartition("@")[2].lower(), "") is DomainSign.FREE_MAIL:
            yield Seen("vouched_from_free_mail", Level.LOOK, address)


def _address(application: Application) -> Iterator[Seen]:
    domain = application.applicant.email.rpartition("@")[2].lower()
    match domain_sign(domain, str(application.answers.get("institution", ""))):
        case DomainSign.FREE_MAIL:
            yield Seen("free_mail", Level.NOTE, domain, "account")
        case DomainSign.MATCHES:
            yield Seen("affiliation_matches", Level.GOOD, domain, "account")
        case DomainSign.UNCLEAR:
            yield Seen("affiliation_unclear", Level.NOTE, domain, "account")


def _country(application: Application) -> Iterator[Seen]:
    country = str(application.answers.get("country", ""))
    if country.strip().lower() in WATCHED:
        yield Seen("watched_country", Level.LOOK, country, LIST_VERSION)


def _duplicates(application: Application) -> Iterator[Seen]:
    others = Application.objects.exclude(applicant_id=application.applicant_id).exclude(submitted_at=None)
    answers = application.answers
    same = {
        "name": ("applicant__full_name__iexact", application.applicant.full_name),
        "ORCID": ("answers__orcid", answers.get("orcid")),
        "page": ("answers__web_page", answers.get("web_page")),
    }
    for what, (column, value) in same.items():
        rows = others.filter(**{column: value}) if value else others.none()
        number = rows.order_by("-pk").values_list("number", flat=True).first()
        if number is not None:
            yield Seen("duplicate_applicant", Level.LOOK, f"{what}: {number}", "applications")


def _same_purpose(application: Application) -> Iterator[Seen]:
    purpose = str(application.answers.get("purpose", ""))
    if len(purpose) < LONG_ENOUGH:
        return
    twins = Round.objects.filter(answers__purpose=purpose).exclude(application__applicant_id=application.applicant_id)
    number = twins.order_by("-pk").values_list("application__number", flat=True).first()
    if number is not None:
        yield Seen("same_purpose", Level.LOOK, str(number), "applications")
