"""What waits for somebody of the house: one line for each kind, counted in few queries."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import User
from access_portal.applications.cockpit.desk import desk_counts
from access_portal.applications.cockpit.listing import counts as queue_counts
from access_portal.applications.forgetting import words_due
from access_portal.grants.policy import Action
from access_portal.grants.reading import counts as grant_counts
from access_portal.licences.models import LicenceVersion
from access_portal.outbox.models import WebhookDelivery, WebhookEndpoint
from access_portal.outbox.queries import mail_counts

SOON = timedelta(days=14)


@dataclass(frozen=True)
class Line:
    """So many things of a kind, and where they lie."""

    text: str | Promise
    count: int
    path: str
    is_urgent: bool = False


def lines_for(reader: User, actions: Collection[Action], now: datetime) -> list[Line]:
    """Only what this person can do something about, and only what there is."""
    found: list[Line] = []
    if not {Action.REVIEW, Action.ADMINISTER}.isdisjoint(actions):
        found += _queue(reader, now)
    if Action.DECIDE in actions:
        found += _desk(reader, now)
    if not {Action.DECIDE, Action.ADMINISTER}.isdisjoint(actions):
        found += _grants(now)
    if Action.OPERATE in actions:
        found += _machinery()
    if Action.MANAGE_LICENCES in actions:
        found += _licences(now)
    if Action.ADMINISTER in actions:
        found.append(
            Line(_("Closed cases whose words are due to be deleted"), words_due(now).count, reverse("retention"))
        )
    return [line for line in found if line.count]


def _queue(reader: User, now: datetime) -> Iterator[Line]:
    waiting = queue_counts(reader, now)
    queue = reverse("review_queue")
    yield Line(_("Cases that nobody has taken"), waiting["unassigned"], f"{queue}?view=unassigned")
    yield Line(_("Cases that you hold"), waiting["mine"], f"{queue}?view=mine")
    yield Line(_("Cases whose reviewer let go"), waiting["lapsed"], f"{queue}?view=lapsed")
    yield Line(_("Cases that are overdue"), waiting["overdue"], f"{queue}?view=overdue", is_urgent=True)


def _desk(reader: User, now: datetime) -> Iterator[Line]:
    waiting = desk_counts(reader, now)
    desk = reverse("review_desk")
    yield Line(_("Recommended cases to decide"), waiting["recommended"], f"{desk}#pile-recommended")
    yield Line(_("Final refusals to confirm"), waiting["confirm"], f"{desk}#pile-confirm")
    yield Line(_("Appeals to answer"), waiting["appeals"], f"{desk}#pile-appeals")
    yield Line(_("Holds to look at again"), waiting["holds"], f"{desk}#pile-holds")


def _grants(now: datetime) -> Iterator[Line]:
    waiting = grant_counts(now)
    grants = reverse("grants_office")
    yield Line(_("Revocations for a second person"), waiting["revocations"], reverse("revocations"), is_urgent=True)
    yield Line(_("Renewals asked for"), waiting["renewals"], f"{grants}?show=renewals")
    yield Line(_("Labs to pass on"), waiting["transfers"], f"{grants}?show=transfers")
    yield Line(_("Grants whose yearly word is overdue"), waiting["attesting"], f"{grants}?show=attesting")


def _machinery() -> Iterator[Line]:
    mail = reverse("mail_log")
    yield Line(_("Mails that failed"), mail_counts()["failed"], f"{mail}?show=failed", is_urgent=True)
    yield Line(_("Webhooks that fail or were switched off"), failing_webhooks(), reverse("webhooks"), is_urgent=True)


def _licences(now: datetime) -> Iterator[Line]:
    ending = LicenceVersion.objects.filter(reconsent_by__gt=now, reconsent_by__lte=now + SOON).count()
    yield Line(_("Licence texts whose time of grace ends within two weeks"), ending, reverse("office_licences"))


def failing_webhooks() -> int:
    """Endpoints that are disabled, or to which something is being tried again or was given up since it last worked."""
    tried = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), delivered_at=None).filter(
        Q(attempts__gt=0, given_up_at=None)
        | Q(given_up_at__isnull=False, endpoint__last_delivered_at=None)
        | Q(given_up_at__gt=OuterRef("last_delivered_at"))
    )
    failing = Q(disabled_at__isnull=False) | Exists(tried)
    return WebhookEndpoint.objects.filter(failing, deleted_at=None).count()
