"""What a reviewer can hold against an applicant's words. It informs; people decide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from access_portal.applications.models import Application

# Where anybody can have an address, so that it says nothing about an institution.
FREE_MAIL = frozenset(
    {
        "126.com", "163.com", "aol.com", "fastmail.com", "gmail.com", "gmx.de", "gmx.net", "googlemail.com",
        "hotmail.com", "icloud.com", "live.com", "mail.com", "mail.ru", "msn.com", "naver.com", "outlook.com",
        "proton.me", "protonmail.com", "qq.com", "tutanota.com", "web.de", "yahoo.com", "yandex.com", "yandex.ru",
        "zoho.com",
    }
)  # fmt: skip
MOST_SHOWN = 10
SMALL_WORDS = frozenset({"and", "for", "the", "of", "institute", "university", "college", "school"})


class DomainSign(StrEnum):
    """How an e-mail domain relates to the institution that was named."""

    FREE_MAIL = "free_mail"
    MATCHES = "matches"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Evidence:
    """For one case."""

    domain: str
    domain_sign: DomainSign
    earlier: list[Application]  # of the same person
    neighbours: list[Application]  # of others at the same domain; empty for free mail
    neighbour_count: int


def evidence_for(application: Application) -> Evidence:
    """Everything beside the answers that the house knows about this case."""
    domain = application.applicant.email.rpartition("@")[2].lower()
    sign = domain_sign(domain, str(application.answers.get("institution", "")))
    rows = (
        Application.objects.select_related("family", "applicant").exclude(pk=application.pk).order_by("-submitted_at")
    )
    own = rows.filter(applicant_id=application.applicant_id)
    others = rows.exclude(applicant_id=application.applicant_id).filter(applicant__email__iendswith=f"@{domain}")
    if sign is DomainSign.FREE_MAIL:
        others = others.none()
    return Evidence(domain, sign, list(own[:MOST_SHOWN]), list(others[:MOST_SHOWN]), others.count())


def domain_sign(domain: str, institution: str) -> DomainSign:
    """Whether a word or the initials of the institution's name occur in the domain."""
    if domain in FREE_MAIL:
        return DomainSign.FREE_MAIL
    words = re.findall(r"\w+", institution.lower())
    telling = [word for word in words if len(word) >= 4 and word not in SMALL_WORDS]
    initials = "".join(word[0] for word in words)
    labels = re.split(r"[.-]", domain)
    if any(word in domain for word in telling) or (len(initials) >= 3 and initials in labels):
        return DomainSign.MATCHES
    return DomainSign.UNCLEAR
