"""The event log grows as one chain for each subject, whoever writes."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from access_portal.audit.commands import first_broken, record
from access_portal.audit.models import Event
from tests.factories import make_user

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.mark.django_db
def test_each_event_carries_the_hash_of_the_one_before() -> None:
    ada = make_user()
    first = record("user:1", "made", actor=ada, now=NOW, data={"ä": [1, "x", True, None]})
    second = record("user:1", "changed", actor=None, now=NOW)
    elsewhere = record("user:2", "made", actor=ada, now=NOW)
    assert (first.sequence, first.previous_hash) == (1, "")
    assert (second.sequence, second.previous_hash) == (2, first.hash)
    assert (elsewhere.sequence, elsewhere.previous_hash) == (1, "")
    assert first_broken("user:1") is None


@pytest.mark.django_db(transaction=True)
def test_writers_to_one_chain_at_once_all_get_a_place() -> None:
    start = threading.Barrier(4)

    def write() -> None:
        start.wait()
        record("user:1", "touched", actor=None, now=NOW)
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(Event.objects.values_list("sequence", flat=True)) == [1, 2, 3, 4]
    assert first_broken("user:1") is None
