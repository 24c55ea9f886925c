"""What an e-mail address says about an institution. It informs; people decide."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

# Where anybody can have an address, so that it says nothing about an institution.
FREE_MAIL = frozenset(
    {
        "126.com", "163.com", "aol.com", "fastmail.com", "gmail.com", "gmx.de", "gmx.net", "googlemail.com",
        "hotmail.com", "icloud.com", "live.com", "mail.com", "mail.ru", "msn.com", "naver.com", "outlook.com",
        "proton.me", "protonmail.com", "qq.com", "tutanota.com", "web.de", "yahoo.com", "yandex.com", "yandex.ru",
        "zoho.com",
    }
)  # fmt: skip
# The same providers under the domains of countries: hotmail.fr, yahoo.com.my; but not live.unc.edu.
FREE_MAIL_ABROAD = re.compile(r"(?:aol|gmx|hotmail|live|outlook|yahoo|yandex)\.(?:(?:com?|net)\.)?[a-z]{2,3}")
SMALL_WORDS = frozenset({"and", "for", "the", "of", "institute", "university", "college", "school"})

JOINING_WORDS = frozenset({"and", "d", "de", "der", "des", "di", "du", "e", "et", "for", "of", "the", "und", "y"})


class DomainSign(StrEnum):
    """How an e-mail domain relates to the institution that was named."""

    FREE_MAIL = "free_mail"
    MATCHES = "matches"
    UNCLEAR = "unclear"


def domain_sign(domain: str, institution: str) -> DomainSign:
    """Whether a word or the initials of the institution's name occur in the domain."""
    domain = domain.casefold()
    if domain in FREE_MAIL or FREE_MAIL_ABROAD.fullmatch(domain):
        return DomainSign.FREE_MAIL
    words = re.findall(r"\w+", _plain(institution))
    telling = [word for word in words if len(word) >= 4 and word not in SMALL_WORDS]
    initials = {"".join(word[0] for word in words), "".join(word[0] for word in words if word not in JOINING_WORDS)}
    labels = re.split(r"[.-]", domain)
    if any(word in domain for word in telling) or any(len(short) >= 3 and short in labels for short in initials):
        return DomainSign.MATCHES
    return DomainSign.UNCLEAR


def _plain(name: str) -> str:
    """Without case and accents, as a domain would write it: `Université` is `universite`."""
    parts = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for sign in parts if not unicodedata.combining(sign))
