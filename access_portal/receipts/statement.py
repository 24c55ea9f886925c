"""A receipt's claims in the words of its reader; what is shown is what was signed, nothing beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from access_portal.grants.models import Grant
from access_portal.licences.models import LicenceAcceptance
from access_portal.receipts.claims import ALL_SIZES


@dataclass(frozen=True)
class Fact:
    """One line: what it is, what it says, and whether that is for machines to read."""

    label: str
    value: str
    is_code: bool = False


@dataclass(frozen=True)
class Part:
    """Some facts under a heading."""

    title: str
    facts: list[Fact]


def parts(claims: dict[str, Any]) -> list[Part]:
    """The whole receipt, in the order in which a person asks."""
    found = [Part(_("Issued"), list(_issued(claims)))]
    if "grant" in claims:
        found.append(Part(_("Granted"), list(_granted(claims["grant"]))))
    found.append(Part(_("Under this licence"), list(_licence(claims["licence"]))))
    for row in claims["acceptances"]:
        found.append(Part(_("Accepted"), list(_acceptance(row))))
    for row in claims.get("members", []):
        found.append(Part(_("Member"), list(_member(row))))
    return found


def _issued(claims: dict[str, Any]) -> Iterator[Fact]:
    yield Fact(_("By"), claims["iss"])
    yield Fact(_("To"), claims["sub"])
    yield Fact(_("On"), _date(datetime.fromtimestamp(claims["iat"], UTC)))
    yield Fact(_("Number of the receipt"), claims["jti"], is_code=True)


def _granted(grant: dict[str, Any]) -> Iterator[Fact]:
    yield Fact(_("Grant"), grant["number"])
    yield Fact(_("Kind"), _label(Grant.Kind, grant["kind"]))
    if "lab" in grant:
        yield Fact(_("Lab"), grant["lab"])
    yield Fact(_("State at that time"), _label(Grant.State, grant["state"]))
    yield Fact(_("Model family"), grant["family"])
    sizes = _("all sizes of this family") if grant["sizes"] == [ALL_SIZES] else ", ".join(grant["sizes"])
    yield Fact(_("Sizes"), sizes)
    yield Fact(_("From"), _date(grant["starts_at"]))
    yield Fact(_("Until"), _date(grant["ends_at"]))
    rights = {"download": _("downloading the weights"), "inference": _("running the model here")}
    yield Fact(_("Rights"), ", ".join(rights.get(name, name) for name in grant["rights"]))


def _licence(licence: dict[str, str]) -> Iterator[Fact]:
    yield Fact(_("Title"), licence["title"])
    yield Fact(_("Version"), f"{licence['version']} ({licence['language']})")
    yield Fact(_("SHA-256 of the text"), licence["sha256"], is_code=True)


def _acceptance(row: dict[str, str]) -> Iterator[Fact]:
    yield Fact(_("Version"), f"{row['version']} ({row['language']})")
    yield Fact(_("On"), _date(row["accepted_at"]))
    yield Fact(_("For whom"), _label(LicenceAcceptance.Capacity, row["capacity"]))
    yield Fact(_("SHA-256 of the text"), row["sha256"], is_code=True)


def _member(row: dict[str, str]) -> Iterator[Fact]:
    yield Fact(_("Who"), row["sub"])
    yield Fact(_("Joined on"), _date(row["joined_at"]))
    if "version" in row:
        yield Fact(_("Accepted version"), row["version"])


def _label(choices: Any, value: str) -> str:
    return str(dict(choices.choices).get(value, value))


def _date(moment: str | datetime) -> str:
    at = parse_datetime(moment) if isinstance(moment, str) else moment
    assert at is not None
    return f"{date_format(at, 'DATETIME_FORMAT')} (UTC)"
