"""Tokens are never promised beyond the quota, and charged once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from access_portal.grants.models import Grant
from inference_worker import ledger
from inference_worker.ledger import QuotaShortError
from inference_worker.models import Batch, LedgerEntry, QuotaAccount, StoredFile
from tests import factories

NOW = timezone.now()


def make_grant(quota: int = 100) -> Grant:
    return factories.make_grant(factories.make_user("ada"), factories.make_family(), token_quota=quota)


def make_batch(grant: Grant) -> Batch:
    number = StoredFile.objects.count()
    file = StoredFile.objects.create(
        owner=grant.holder, purpose="batch", filename="a", size_bytes=1, sha256="", storage_key=f"key-{number}"
    )
    return Batch.objects.create(owner=grant.holder, endpoint="/v1/completions", input_file=file, expires_at=NOW)


def reserve(grant: Grant, tokens: int) -> Batch:
    batch = make_batch(grant)
    ledger.reserve(batch=batch, grant=grant, tokens=tokens, now=NOW)
    return batch


def totals(grant: Grant) -> tuple[int, int]:
    account = QuotaAccount.objects.get(grant=grant)
    return account.reserved_tokens, account.settled_tokens


@pytest.mark.django_db
def test_a_reservation_is_held_until_it_is_closed() -> None:
    grant = make_grant(100)
    batch = reserve(grant, 60)
    assert (ledger.remaining(grant), totals(grant)) == (40, (60, 0))
    assert ledger.close(batch=batch, used_tokens=10, now=NOW)
    assert (ledger.remaining(grant), totals(grant), ledger.charged(batch)) == (90, (0, 10), 10)


@pytest.mark.django_db
def test_a_quota_can_be_used_to_the_last_token_and_no_further() -> None:
    grant = make_grant(100)
    reserve(grant, 100)
    with pytest.raises(QuotaShortError) as refusal:
        reserve(grant, 1)
    assert refusal.value.remaining == 0
    assert LedgerEntry.objects.count() == 1


@pytest.mark.django_db
def test_what_was_charged_is_not_given_out_again() -> None:
    grant = make_grant(100)
    ledger.close(batch=reserve(grant, 60), used_tokens=60, now=NOW)
    with pytest.raises(QuotaShortError):
        reserve(grant, 41)
    reserve(grant, 40)


@pytest.mark.django_db
def test_a_refused_reservation_leaves_nothing_behind() -> None:
    grant = make_grant(100)
    reserve(grant, 70)
    with pytest.raises(QuotaShortError) as refusal:
        reserve(grant, 31)
    assert (refusal.value.remaining, totals(grant), LedgerEntry.objects.count()) == (30, (70, 0), 1)


@pytest.mark.django_db
def test_closing_twice_charges_once() -> None:
    grant = make_grant(100)
    batch = reserve(grant, 60)
    answers = [ledger.close(batch=batch, used_tokens=10, now=NOW), ledger.close(batch=batch, used_tokens=50, now=NOW)]
    assert (answers, totals(grant)) == ([True, False], (0, 10))


@pytest.mark.django_db
def test_a_batch_without_a_reservation_has_nothing_to_close() -> None:
    batch = make_batch(make_grant())
    assert not ledger.close(batch=batch, used_tokens=0, now=NOW)
    assert ledger.charged(batch) is None


@pytest.mark.django_db
def test_nobody_is_charged_more_than_was_held_back() -> None:
    grant = make_grant(100)
    assert ledger.close(batch=reserve(grant, 60), used_tokens=61, now=NOW)
    assert totals(grant) == (0, 60)


@pytest.mark.django_db
@pytest.mark.parametrize(("quota", "fits"), [(150, True), (60, False), (0, False)])
def test_a_quota_that_was_changed_counts_at_once(quota: int, fits: bool) -> None:
    grant = make_grant(100)
    reserve(grant, 60)
    Grant.objects.filter(pk=grant.pk).update(token_quota=quota)
    assert ledger.remaining(grant) == max(0, quota - 60)
    if fits:
        reserve(grant, 90)
    else:
        with pytest.raises(QuotaShortError):
            reserve(grant, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("change", [lambda rows: rows.update(tokens=0), lambda rows: rows.delete()])
def test_entries_can_be_neither_changed_nor_deleted(change: Callable[[Any], Any]) -> None:
    reserve(make_grant(), 60)
    with pytest.raises(DatabaseError), transaction.atomic():
        change(LedgerEntry.objects.all())
    assert LedgerEntry.objects.get().tokens == 60


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work` in that many threads, all let go at the same moment."""
    barrier = Barrier(count)

    def run(number: int) -> Any:
        barrier.wait()
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_many_reservations_at_once_never_overspend() -> None:
    grant = make_grant(50)
    batches = [make_batch(grant) for _ in range(12)]

    def reserve_one(number: int) -> bool:
        try:
            ledger.reserve(batch=batches[number], grant=grant, tokens=10, now=NOW)
        except QuotaShortError:
            return False
        return True

    assert sum(at_once(12, reserve_one)) == 5
    assert (totals(grant), LedgerEntry.objects.count()) == ((50, 0), 5)


@pytest.mark.django_db(transaction=True)
def test_many_closings_at_once_charge_once() -> None:
    grant = make_grant(50)
    batch = reserve(grant, 40)
    closed = at_once(8, lambda number: ledger.close(batch=batch, used_tokens=10 + number, now=NOW))
    assert sum(closed) == 1
    assert totals(grant) == (0, ledger.charged(batch))
