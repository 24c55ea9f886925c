"""What this house can see of who somebody is. It informs; people decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access_portal.accounts.models import User
from access_portal.accounts.queries import orcid_of, verified_addresses
from access_portal.applications.evidence import DomainSign, domain_sign
from access_portal.applications.signals import Level
from access_portal.questionnaires import orcid as orcid_ids
from access_portal.references.models import Reference

_DOMAINS: Mapping[DomainSign, tuple[Level, str | Promise]] = {
    DomainSign.MATCHES: (Level.GOOD, gettext_lazy("Confirmed, and it resembles the institution")),
    DomainSign.UNCLEAR: (Level.NOTE, gettext_lazy("Confirmed; it does not resemble the institution")),
    DomainSign.FREE_MAIL: (Level.NOTE, gettext_lazy("Confirmed; of a free mail provider, where anybody can have one")),
}
_VERDICTS: Mapping[str, tuple[Level, str | Promise]] = {
    Reference.Verdict.CONFIRMED: (Level.GOOD, gettext_lazy("Knows of the work and stands behind it")),
    Reference.Verdict.DENIED: (Level.LOOK, gettext_lazy("Does not know the person or the work")),
    Reference.Verdict.UNSURE: (Level.NOTE, gettext_lazy("Cannot say")),
}


@dataclass(frozen=True)
class Evidence:
    """One thing that can be held against the words of an applicant: `what` was seen, and what it is worth."""

    kind: str
    level: Level
    what: str
    worth: str


def identity_of(user: User, answers: Mapping[str, Any], references: Iterable[Reference] = ()) -> list[Evidence]:
    """Addresses, ORCID iD, references and publications, each with how far it is proven."""
    return [
        *_addresses(user, str(answers.get("institution", ""))),
        *_orcid(user, str(answers.get("orcid", ""))),
        *_references(references),
        *_given(answers),
    ]


def _addresses(user: User, institution: str) -> Iterator[Evidence]:
    for address in verified_addresses(user):
        level, worth = _DOMAINS[domain_sign(address.rpartition("@")[2].lower(), institution)]
        if not institution:
            level, worth = Level.NOTE, _("Confirmed")
        yield Evidence("address", level, address, str(worth))


def _orcid(user: User, typed: str) -> Iterator[Evidence]:
    proven, typed = orcid_of(user), orcid_ids.normalise(typed) or ""
    if proven and typed and proven != typed:
        yield Evidence("orcid", Level.LOOK, typed, _("Typed, but the account is linked with %(id)s") % {"id": proven})
    elif proven:
        yield Evidence("orcid", Level.GOOD, proven, _("Proven by signing in at ORCID"))
    elif typed:
        yield Evidence("orcid", Level.NOTE, typed, _("Typed only; anybody can type an ORCID iD"))


def _references(references: Iterable[Reference]) -> Iterator[Evidence]:
    for reference in references:
        if reference.answered_at is not None:
            level, worth = _VERDICTS[reference.verdict]
            yield Evidence("reference", level, reference.name or reference.email, str(worth))


def _given(answers: Mapping[str, Any]) -> Iterator[Evidence]:
    works = [line for line in str(answers.get("publications", "")).splitlines() if line.strip()]
    if works:
        what = _("Publications: %(count)d") % {"count": len(works)}
        yield Evidence("publications", Level.NOTE, what, _("Given in the application; not checked by this site"))
    if page := str(answers.get("web_page", "")):
        yield Evidence("web_page", Level.NOTE, page, _("Given in the application; not checked by this site"))
