"""Two windows that ask for the same receipt at once are given the same file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connection

from access_portal.audit.models import Event
from access_portal.receipts.commands import receipt_of_grant
from access_portal.receipts.models import Receipt
from tests.factories import make_family, make_grant, make_user

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_asking_at_once_makes_one_receipt() -> None:
    grant = make_grant(make_user("ada"), make_family(), now=NOW)
    barrier = Barrier(4, timeout=20)

    def ask(_: int) -> str:
        try:
            connection.ensure_connection()
            barrier.wait()
            return receipt_of_grant(grant=grant, actor=grant.holder, now=NOW).jws
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        files = set(threads.map(ask, range(4)))
    assert len(files) == Receipt.objects.count() == 1
    assert Event.objects.filter(name="grant_receipt_made").count() == 1
