"""Who has what of a release: the links that were made, beside what people's clients said of the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum

from access_portal.accounts.models import User
from access_portal.grants.models import Grant
from access_portal.grants.policy import Action, Granted, Office, decide, require
from release.models import FetchReport, Mint, Release

READING = (Action.MANAGE_RELEASES, Action.AUDIT)
Outcome = FetchReport.Outcome
WHOSE = ("user_id", "grant_id")


@dataclass(frozen=True)
class Share:
    """What one person had of a release under one grant. `verified` and `damaged` count files by their last report."""

    person: User
    grant: Grant
    links: int
    files: int
    counted_bytes: int
    verified: int
    damaged: int
    first_at: datetime
    last_at: datetime

    @property
    def unknown(self) -> int:
        """Files of which a link was made and nothing was ever reported."""
        return self.files - self.verified - self.damaged


@dataclass(frozen=True)
class Line:
    """One file of one person under one grant; `outcome` is empty where nothing was reported."""

    username: str
    name: str
    grant: str
    path: str
    links: int
    first_at: datetime
    last_at: datetime
    outcome: str


def require_ledger_reader(actor: User, now: datetime) -> None:
    """For whoever manages releases, and for auditors. Raises PermissionRefusedError."""
    if not any(isinstance(decide(actor, action, Office(), now), Granted) for action in READING):
        require(actor, Action.MANAGE_RELEASES, Office(), now)


def shares(release: Release) -> QuerySet[Mint, dict[str, Any]]:
    """Rows of persons and grants, the latest link first; `with_reports` makes shares of some of them."""
    links = Mint.objects.filter(artifact__release=release).order_by().values(*WHOSE)
    counted: Any = links.annotate(
        links=Count("pk"),
        files=Count("artifact", distinct=True),
        counted=Sum("counted_bytes"),
        first=Min("minted_at"),
        last=Max("minted_at"),
    )
    rows: QuerySet[Mint, dict[str, Any]] = counted.order_by("-last", *WHOSE)
    return rows


def with_reports(release: Release, rows: Iterable[dict[str, Any]]) -> list[Share]:
    """The shares of these rows, in three queries."""
    rows = list(rows)
    people = User.objects.in_bulk([row["user_id"] for row in rows])
    grants = Grant.objects.in_bulk([row["grant_id"] for row in rows])
    latest = _last_reports(release).filter(user__in=people, grant__in=grants).order_by().values(*WHOSE)
    counted = latest.annotate(
        verified=Count("pk", filter=Q(outcome=Outcome.VERIFIED)), damaged=Count("pk", filter=Q(outcome=Outcome.DAMAGED))
    )
    said = {(row["user_id"], row["grant_id"]): row for row in counted}
    return [_share(row, people, grants, said.get((row["user_id"], row["grant_id"]), {})) for row in rows]


def lines(release: Release, *, username: str = "", grant: str = "") -> Iterator[Line]:
    """File by file: of everybody, or of one person under one grant."""
    narrowed = {**({"user__username": username} if username else {}), **({"grant__number": grant} if grant else {})}
    reports = _last_reports(release).filter(**narrowed)
    said = {
        (user, grant_key, file): outcome
        for user, grant_key, file, outcome in reports.values_list(*WHOSE, "artifact_id", "outcome")
    }
    links = Mint.objects.filter(artifact__release=release, **narrowed).order_by()
    grouped = links.values(
        *WHOSE, "artifact_id", "user__username", "user__full_name", "grant__number", "artifact__path"
    ).annotate(links=Count("pk"), first=Min("minted_at"), last=Max("minted_at"))
    for row in grouped.order_by("user__username", "grant__number", "artifact__path").iterator():
        outcome = said.get((row["user_id"], row["grant_id"], row["artifact_id"]), "")
        yield Line(
            row["user__username"], row["user__full_name"], row["grant__number"], row["artifact__path"], row["links"],
            row["first"], row["last"], outcome,
        )  # fmt: skip


def _last_reports(release: Release) -> QuerySet[FetchReport]:
    """The last word of each person about each file under each grant."""
    same = FetchReport.objects.filter(
        artifact=OuterRef("artifact"), user=OuterRef("user"), grant=OuterRef("grant")
    ).order_by("-pk")
    return FetchReport.objects.filter(artifact__release=release, pk=Subquery(same.values("pk")[:1]))


def _share(row: dict[str, Any], people: dict[int, User], grants: dict[int, Grant], said: dict[str, Any]) -> Share:
    return Share(
        person=people[row["user_id"]], grant=grants[row["grant_id"]], links=row["links"], files=row["files"],
        counted_bytes=row["counted"], verified=said.get("verified", 0), damaged=said.get("damaged", 0),
        first_at=row["first"], last_at=row["last"],
    )  # fmt: skip
