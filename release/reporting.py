"""Keeping what clients say of the files that people fetched: their word, which the ledger holds beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.errors import ConflictError
from release.delivery import find_artifacts
from release.models import Artifact, FetchReport, Mint, Release

Outcome = FetchReport.Outcome


def report_files(
    *, actor: User, release: Release, outcomes: Mapping[str, Outcome], client: str, now: datetime
) -> list[FetchReport]:
    """Keep one report of each file, by its path, under the grant of the last link to it; returns those that are new.

    The same word about the same link is kept once, so there are never more rows than two for each link. Raises
    ReleaseNotFoundError, and ConflictError `link_never_made` when one of them was never asked for by this person.
    """
    artifacts = find_artifacts(release, list(outcomes))
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)  # what is said twice at once is heard in turn
        links = _last_links(actor, artifacts)
        if len(links) != len(artifacts):
            raise ConflictError(
                "link_never_made",
                _("There is a file among these of which you never had a link here."),
                _("Report only what you downloaded from here, with this account."),
            )
        said = _said(actor, artifacts)
        return FetchReport.objects.bulk_create(
            FetchReport(
                artifact=each, user=actor, grant_id=links[each.pk].grant_id, outcome=outcomes[each.path],
                reported_at=now, client=_printable(client),
            )
            for each in artifacts
            if (each.pk, outcomes[each.path]) not in said
            or said[each.pk, outcomes[each.path]] < links[each.pk].minted_at
        )  # fmt: skip


def _last_links(person: User, artifacts: list[Artifact]) -> dict[int, Mint]:
    """The latest link of this person to each file, by the file's key."""
    theirs = Mint.objects.filter(user=person, artifact__in=[each.pk for each in artifacts])
    last = theirs.order_by().values("artifact").annotate(last=Max("pk")).values("last")
    return {link.artifact_id: link for link in Mint.objects.filter(pk__in=last)}


def _said(person: User, artifacts: list[Artifact]) -> dict[tuple[int, str], datetime]:
    """When this person last said which outcome of each file."""
    theirs = FetchReport.objects.filter(user=person, artifact__in=[each.pk for each in artifacts])
    last = theirs.order_by().values("artifact", "outcome").annotate(last=Max("reported_at"))
    return {(row["artifact"], row["outcome"]): row["last"] for row in last}


def _printable(client: str) -> str:
    return "".join(character for character in client if character.isprintable())[:100]
