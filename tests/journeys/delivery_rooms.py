"""Downloads on record, for the pages about who has what."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from access_portal.accounts.models import Role, RoleAssignment
from release.delivery import mint
from release.models import FetchReport
from release.reporting import report_files
from tests.journeys.furniture import House


def fetched(house: House) -> list[str]:
    """Ada has fetched a file that her client found whole; the arguments of the release's pages."""
    RoleAssignment.objects.get_or_create(user=house.ben, role=Role.RELEASE_MANAGER)
    now, release = timezone.now(), house.release
    path = release.artifacts.first().path  # type: ignore[union-attr]
    mint(actor=house.ada, release=release, path=path, address="192.0.2.7", user_agent="curl/8", now=now)
    outcomes = {path: FetchReport.Outcome.VERIFIED}
    report_files(actor=house.ada, release=release, outcomes=outcomes, client="gatehouse/0.1", now=now)
    return [release.variant.model_id, release.version]


def ledger(house: House) -> str:
    return reverse("release_ledger", args=fetched(house))


def ledger_of_one(house: House) -> str:
    return f"{ledger(house)}?person={house.ada.username}&grant={house.grant.number}"


def drill(house: House) -> str:
    return reverse("release_drill", args=fetched(house))
