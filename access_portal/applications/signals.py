"""What is worth a look in a case, each with its source. Signals advise a reviewer and decide nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db.models import CharField, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_noop

from access_portal.accounts.queries import is_orcid_of_other, orcid_of
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
    "orcid_differs": gettext_noop("Signed in with another ORCID than the one named"),
    "orcid_of_other": gettext_noop("Another account is linked with the ORCID named"),
    "voucher_denied": gettext_noop("Denied by the person named"),
    "voucher_unsure": gettext_noop("The person named cannot say"),
    "voucher_is_applicant": gettext_noop("The applicant names an address of their own, so nobody was asked"),
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


def forget_seen(application: Application) -> None:
    """Forget what was seen; that something was, and of which kind, stays. Each value is another, as they must be."""
    application.signals.update(value=Concat(Value("forgotten "), Cast("pk", CharField())))


def _look(application: Application, now: datetime) -> Iterator[Seen]:
    yield from _addresses(application)
    yield from _country(application)
    yield from _orcid(application)
    yield from _duplicates(application)
    yield from _same_purpose(application)
    age = now - application.applicant.date_joined
    if age < NEW_ACCOUNT:
        yield Seen("new_account", Level.NOTE, f"{max(0, int(age.total_seconds() // 3600))} h", "account")
    for kind in ("supervisor", "referee"):
        domain = _domain(str(application.answers.get(f"{kind}_email", "")))
        if domain and domain_sign(domain, "") is DomainSign.FREE_MAIL:
            yield Seen("vouched_from_free_mail", Level.LOOK, f"{kind}, @{domain}")


def _addresses(application: Application) -> Iterator[Seen]:
    """Every address that was proven counts: a second one of the institution speaks as well as the main one."""
    applicant, institution = application.applicant, str(application.answers.get("institution", ""))
    proven = EmailAddress.objects.filter(user=applicant, verified=True).order_by("-primary", "pk")
    domains = [_domain(address) for address in proven.values_list("email", flat=True)] or [_domain(applicant.email)]
    matching = [domain for domain in domains if domain_sign(domain, institution) is DomainSign.MATCHES]
    if matching:
        yield Seen("affiliation_matches", Level.GOOD, matching[0], "account")
    elif domain_sign(domains[0], institution) is DomainSign.FREE_MAIL:
        yield Seen("free_mail", Level.NOTE, domains[0], "account")
    else:
        yield Seen("affiliation_unclear", Level.NOTE, domains[0], "account")


def _country(application: Application) -> Iterator[Seen]:
    country = str(application.answers.get("country", ""))
    if folded(country).replace("’", "'") in WATCHED:
        yield Seen("watched_country", Level.LOOK, country, LIST_VERSION)


def _orcid(application: Application) -> Iterator[Seen]:
    typed = str(application.answers.get("orcid", ""))
    if not typed:
        return
    proven = orcid_of(application.applicant)
    if proven == typed:
        yield Seen("orcid_signed_in", Level.GOOD, typed, "ORCID")
    elif proven:
        yield Seen("orcid_differs", Level.LOOK, f"{typed}, {proven}", "ORCID")
    if is_orcid_of_other(typed, application.applicant):
        yield Seen("orcid_of_other", Level.LOOK, typed, "ORCID")


def _duplicates(application: Application) -> Iterator[Seen]:
    others = Application.objects.exclude(applicant_id=application.applicant_id).exclude(submitted_at=None)
    answers = application.answers
    same = {
        "name": _same_name(application.applicant.full_name),
        "ORCID": Q(answers__orcid=answers["orcid"]) if answers.get("orcid") else None,
        "page": Q(answers__web_page=answers["web_page"]) if answers.get("web_page") else None,
    }
    for what, condition in same.items():
        if condition is None:
            continue
        number = others.filter(condition).order_by("-pk").values_list("number", flat=True).first()
        if number is not None:
            yield Seen("duplicate_applicant", Level.LOOK, f"{what}: {number}", "applications")


def _same_name(name: str) -> Q | None:
    """Names are kept in NFKC; one database folds the case of every letter, another only of A to Z."""
    plain = " ".join(unicodedata.normalize("NFKC", name).split())
    if not plain:
        return None
    spellings = {plain, plain.lower(), plain.upper(), plain.title(), plain.casefold()}
    return Q(applicant__full_name__iexact=plain) | Q(applicant__full_name__in=spellings)


def folded(text: str) -> str:
    """The same for all ways of writing one name: compatibility forms, case and spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip().casefold()


def _same_purpose(application: Application) -> Iterator[Seen]:
    purpose = str(application.answers.get("purpose", ""))
    if len(purpose) < LONG_ENOUGH:
        return
    twins = Round.objects.filter(answers__purpose=purpose).exclude(application__applicant_id=application.applicant_id)
    number = twins.order_by("-pk").values_list("application__number", flat=True).first()
    if number is not None:
        yield Seen("same_purpose", Level.LOOK, str(number), "applications")
