"""Two requests at the same moment about one licence."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from access_portal.audit.models import Event
from access_portal.errors import GatehouseError
from access_portal.licences.commands import accept, publish_version
from access_portal.licences.models import Licence, LicenceAcceptance, LicenceVersion, ReconsentNotice
from access_portal.licences.reminders import remind_due
from access_portal.outbox.models import OutboxMail
from tests.factories import make_family, make_grant, make_licence_version, make_user

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def at_once(*calls: Callable[[], object]) -> list[str]:
    """The outcomes, sorted: `ok` or the code of the refusal."""
    barrier = Barrier(len(calls), timeout=20)

    def run(call: Callable[[], object]) -> str:
        try:
            connection.ensure_connection()
            barrier.wait()
            call()
        except GatehouseError as refusal:
            return refusal.code
        finally:
            connection.close()
        return "ok"

    with ThreadPoolExecutor(len(calls)) as threads:
        return sorted(threads.map(run, calls))


def test_accepting_many_times_at_once_is_accepting_once() -> None:
    ada, version = make_user(), make_licence_version()

    def click() -> object:
        return accept(actor=ada, version=version, shown_sha256=version.sha256, capacity="self", act="ticked", now=NOW)

    assert at_once(*[click] * 4) == ["ok"] * 4
    assert LicenceAcceptance.objects.count() == Event.objects.filter(name="licence_accepted").count() == 1


def test_one_number_published_twice_at_once_is_published_once() -> None:
    licence = Licence.objects.create(slug="research", title="Research licence")

    def publish(text: str) -> Callable[[], object]:
        return lambda: publish_version(licence=licence, number="2.0", text=text, summary=[], actor=None, now=NOW)

    assert at_once(publish("One."), publish("Another.")) == ["licence_number_used", "ok"]
    assert LicenceVersion.objects.count() == 1


def test_two_clocks_send_one_reminder() -> None:
    family = make_family()
    make_grant(make_user("ada"), family)
    now = timezone.now()
    publish_version(
        licence=family.weights_licence, number="2", text="New.", summary=[], actor=None, now=now,
        reconsent_by=now + 10 * DAY,
    )  # fmt: skip
    assert at_once(*[lambda: remind_due(now)] * 3) == ["ok"] * 3
    assert OutboxMail.objects.count() == ReconsentNotice.objects.count() == 1
