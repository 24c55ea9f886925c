"""Two requests at the same moment: the database lets one through, and the other hears why."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.commands.picking import claim_next
from access_portal.applications.models import Application, State
from access_portal.audit.commands import first_broken
from access_portal.errors import GatehouseError
from access_portal.grants.models import Grant
from access_portal.licences.models import LicenceAcceptance
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import (
    CHECKED,
    NOW,
    REFUSAL,
    TERMS,
    make_application,
    make_open_family,
    submit,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_applying_many_times_at_once_makes_one_application() -> None:
    ada, family = make_user("ada"), make_open_family()
    outcomes = at_once(*[lambda: submit(ada, family)] * 4)
    assert outcomes == ["already_open"] * 3 + ["ok"]
    assert Application.objects.count() == LicenceAcceptance.objects.count() == OutboxMail.objects.count() == 1


def test_reviewers_who_take_the_next_case_at_once_get_different_ones() -> None:
    family, reviewers = make_open_family(), [make_user(f"reviewer-{place}", Role.REVIEWER) for place in range(4)]
    for place in range(3):
        make_application(make_user(f"user-{place}"), family)
    taken: list[str] = []

    def take(reviewer: User) -> None:
        case = claim_next(actor=reviewer, now=NOW)
        if case is not None:
            taken.append(str(case.number))

    assert at_once(*[partial(take, reviewer) for reviewer in reviewers]) == ["ok"] * 4
    assert len(taken) == len(set(taken)) == 3  # the fourth heard that nothing waits
    assert Application.objects.filter(state=State.IN_REVIEW).values("claimed_by").distinct().count() == 3


def test_two_reviewers_who_claim_at_once_do_not_both_get_it() -> None:
    case = make_application(make_user("ada"), make_open_family())
    ben, bea = make_user("ben", Role.REVIEWER), make_user("bea", Role.REVIEWER)
    outcomes = at_once(
        lambda: commands.claim(actor=ben, number=str(case.number), version=1, now=NOW),
        lambda: commands.claim(actor=bea, number=str(case.number), version=1, now=NOW),
    )
    assert outcomes == ["claimed_by_other", "ok"]
    assert Application.objects.get().version == 2


def test_approving_and_refusing_at_once_gives_one_answer() -> None:
    case = make_application(make_user("ada"), make_open_family(), State.RECOMMENDED)
    dan, dora = make_user("dan", Role.DECIDER), make_user("dora", Role.DECIDER)
    outcomes = at_once(
        lambda: commands.approve(actor=dan, number=str(case.number), version=1, terms=TERMS, checked=CHECKED, now=NOW),
        lambda: commands.refuse_fixable(actor=dora, number=str(case.number), version=1, now=NOW, **REFUSAL),
    )
    assert outcomes == ["ok", "wrong_state"]
    case.refresh_from_db()
    assert Grant.objects.exists() == (case.state == State.APPROVED)
    assert OutboxMail.objects.count() == 1
    assert first_broken(case.subject) is None


def test_approving_twice_at_once_makes_one_grant() -> None:
    case = make_application(make_user("ada"), make_open_family(), State.RECOMMENDED)
    dan = make_user("dan", Role.DECIDER)
    outcomes = at_once(
        *[
            lambda: commands.approve(
                actor=dan, number=str(case.number), version=1, terms=TERMS, checked=CHECKED, now=NOW
            )
        ]
        * 3
    )
    assert outcomes == ["ok", "wrong_state", "wrong_state"]
    assert Grant.objects.count() == 1
