"""Two requests at the same moment: the database lets one through, and the other hears why."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.commands import keeping
from access_portal.applications.commands.picking import claim_next
from access_portal.applications.models import Application, Decision, ReviewPolicy, State
from access_portal.audit.commands import first_broken
from access_portal.errors import GatehouseError
from access_portal.grants.models import Grant
from access_portal.licences.models import LicenceAcceptance
from access_portal.outbox.commands import deliver_due
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.acting import told
from tests.access_portal.applications.scenes import (
    CHECKED,
    FINAL,
    NOW,
    REFUSAL,
    TERMS,
    current_licence,
    draft,
    make_application,
    make_open_family,
    make_reminded,
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


def test_sending_a_draft_twice_at_once_sends_it_once() -> None:
    ada, family = make_user("ada"), make_open_family()
    call = {**told(draft(ada, family), ada), **current_licence(family)}
    assert at_once(*[partial(commands.submit_application, **call)] * 3) == ["ok", "wrong_state", "wrong_state"]
    sent = Application.objects.get()
    assert (sent.rounds, sent.sent_rounds.count(), OutboxMail.objects.count()) == (1, 1, 1)
    assert first_broken(sent.subject) is None


def test_an_answer_in_the_last_moment_either_counts_or_comes_too_late() -> None:
    ada = make_user("ada")
    case = make_reminded(make_application(ada, make_open_family(), State.INFO_REQUESTED))
    replies = {case.info_requests.get().pk: "It stays as it is."}
    answer = {**told(case, ada), "replies": replies, **current_licence(case.family)}
    outcomes = at_once(partial(commands.resubmit, **answer), lambda: commands.expire(number=str(case.number), now=NOW))
    assert outcomes == ["ok", "wrong_state"]
    case.refresh_from_db()
    assert (case.state, case.rounds) in {(State.REVISED, 2), (State.EXPIRED, 1)}
    assert first_broken(case.subject) is None


def test_two_who_confirm_a_final_refusal_at_once_are_one_confirmation() -> None:
    case = make_application(make_user("ada"), make_open_family(), State.RECOMMENDED)
    dan, dora, eve = (make_user(name, Role.DECIDER) for name in ("dan", "dora", "eve"))
    commands.propose_final(**told(case, dan), **FINAL)
    outcomes = at_once(*[partial(commands.refuse_final, **told(case, decider)) for decider in (dora, eve)])
    assert outcomes == ["ok", "wrong_state"]
    assert Decision.objects.get().confirmed_by in (dora, eve)
    assert OutboxMail.objects.count() == 1


def test_nobody_confirms_words_that_were_changed_a_moment_ago() -> None:
    case = make_application(make_user("ada"), make_open_family(), State.RECOMMENDED)
    dan, dora = make_user("dan", Role.DECIDER), make_user("dora", Role.DECIDER)
    commands.propose_final(**told(case, dan), **FINAL)
    again = {**told(case, dan), **FINAL, "text": "Other words, which nobody but their author has read so far."}
    outcomes = at_once(partial(commands.propose_final, **again), partial(commands.refuse_final, **told(case, dora)))
    assert outcomes in (["ok", "stale_version"], ["ok", "wrong_state"])
    case.refresh_from_db()
    assert case.decision is None or case.decision.text == FINAL["text"]


def test_withdrawing_and_approving_at_once_gives_a_grant_only_to_who_stays() -> None:
    ada, dan = make_user("ada"), make_user("dan", Role.DECIDER)
    case = make_application(ada, make_open_family(), State.RECOMMENDED)
    outcomes = at_once(
        lambda: commands.withdraw(actor=ada, number=str(case.number), now=NOW),
        partial(commands.approve, **told(case, dan), terms=TERMS),
    )
    case.refresh_from_db()
    assert outcomes == (["ok", "one_moment"] if case.state == State.APPROVED else ["ok", "wrong_state"])
    assert Grant.objects.exists() == (case.state == State.APPROVED)


def test_a_decision_is_undone_or_its_mail_leaves_and_never_both() -> None:
    case = make_application(make_user("ada"), make_open_family(), State.RECOMMENDED)
    dan = make_user("dan", Role.DECIDER)
    commands.approve(**told(case, dan), terms=TERMS)
    late = NOW + timedelta(seconds=60)
    undo = partial(commands.undo, **told(case, dan, late - timedelta(milliseconds=1)))
    outcomes = at_once(undo, *[lambda: deliver_due(late)] * 2)
    case.refresh_from_db()
    mail, grant = OutboxMail.objects.get(), Grant.objects.get()
    if outcomes == ["ok", "ok", "ok"]:
        assert (mail.sent_at, mail.cancelled_at is not None) == (None, True)
        assert (case.state, grant.state) == (State.RECOMMENDED, "undone")
    else:
        assert outcomes == ["ok", "ok", "undo_over"]
        assert (mail.sent_at is not None, mail.cancelled_at) == (True, None)
        assert (case.state, grant.state) == (State.APPROVED, "active")


def test_the_clock_in_two_processes_reminds_and_lapses_once() -> None:
    family = make_open_family()
    for place in range(3):
        make_reminded(make_application(make_user(f"late-{place}"), family, State.INFO_REQUESTED))
        make_application(make_user(f"soon-{place}"), family, State.INFO_REQUESTED, due_at=NOW + timedelta(hours=9))
    assert at_once(*[lambda: (keeping.remind_due(NOW), keeping.expire_due(NOW))] * 3) == ["ok"] * 3
    assert sorted(OutboxMail.objects.values_list("template", flat=True)) == [
        *["application_expired"] * 3, *["application_reminder"] * 3,
    ]  # fmt: skip


def test_who_waits_for_the_lock_sees_what_was_written_meanwhile() -> None:
    """Else whoever recommends could approve in the same moment, and four eyes would be two."""
    both, family = make_user("both", Role.REVIEWER, Role.DECIDER), make_open_family()
    ReviewPolicy.objects.create(family=family, eyes="four")
    case = make_application(make_user("ada"), family, State.IN_REVIEW, holder=both)
    words: dict[str, Any] = {"verdict": "approve", "text": "Sound.", "checked": CHECKED}
    written, asked = Event(), Event()

    def recommend() -> None:
        with transaction.atomic():
            commands.recommend(**told(case, both), **words)
            written.set()
            assert asked.wait(20)
            until_somebody_waits_for_a_lock()

    def approve() -> None:
        assert written.wait(20)
        call: dict[str, Any] = {"actor": both, "number": str(case.number), "version": case.version + 1, "now": NOW}
        asked.set()
        commands.approve(**call, terms=TERMS)

    assert at_once(recommend, approve) == ["four_eyes", "ok"]
    assert not Grant.objects.exists()


def until_somebody_waits_for_a_lock() -> None:
    """SQLite lets one write at a time, so there nobody can be half-way in."""
    if connection.vendor != "postgresql":
        return
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with connection.cursor() as cursor:
        for _turn in range(2000):
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waited")
