"""Whatever people and the clock do, in any order: what must hold of a case holds after each step.

`GATEHOUSE_TEST_STEPS=50 pytest tests/access_portal/applications/test_any_sequence.py` tries more sequences.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from access_portal.accounts.models import Role
from access_portal.applications import commands
from access_portal.applications.commands import keeping
from access_portal.applications.models import Application, ReviewPolicy, State
from access_portal.applications.review_policy import needs_four_eyes
from access_portal.applications.standing import TIMER, Mover, allowed_commands
from access_portal.applications.undoing import MAIL_OF
from access_portal.applications.workflow import DECIDED_STATES, OPEN_STATES, REFUSED_STATES, Command
from access_portal.audit.commands import first_broken
from access_portal.audit.models import Event
from access_portal.errors import GatehouseError
from access_portal.grants.models import LIVE_STATES
from access_portal.outbox.commands import deliver_due
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import NOW, draft, make_application, make_open_family
from tests.access_portal.applications.table import CODES, FUNCTION, VERSIONED, extra
from tests.factories import make_user

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("GATEHOUSE_TEST_STEPS", "6"))
GATE = set(CODES.values()) - {"ok", "undo_over"}  # the mail may have left before the minute was over
COMMANDS = sorted(str(command) for command in Command if command not in (Command.CREATE, Command.REAPPLY))
IDLE = {Command.REAPPLY, Command.MESSAGE, Command.NOTE, Command.SAVE, Command.CLOSE, Command.ANONYMISE}
BEGINNINGS = [State.SUBMITTED, State.IN_REVIEW, State.RECOMMENDED, State.INFO_REQUESTED, State.REFUSED_FIXABLE]


class Portal(RuleBasedStateMachine):
    """Two applicants, an office of five, the clock, and the sender of mail."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        both = (Role.REVIEWER, Role.DECIDER)
        self.now = NOW
        self.ben, self.dan = make_user("ben", Role.REVIEWER), make_user("dan", *both)
        self.applicants = [make_user("ada"), make_user("cy")]
        self.eve = make_user("eve", Role.DECIDER)
        self.people: list[Mover] = [
            *self.applicants, self.ben, self.dan, make_user("dora", *both), self.eve, make_user("amy", Role.ADMIN),
            TIMER,
        ]  # fmt: skip
        self.family = make_open_family()
        self.seen: dict[int, tuple[str, int]] = {}  # state and version of each case after the step before

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @initialize(eyes=st.sampled_from(["two", "four"]), state=st.sampled_from(BEGINNINGS))
    def begin(self, eyes: str, state: State) -> None:
        ReviewPolicy.objects.create(family=self.family, eyes=eyes)
        make_application(self.applicants[0], self.family, state, holder=self.dan, decider=self.eve)
        draft(self.applicants[1], self.family)

    @rule(data=st.data())
    def somebody_presses_a_button(self, data: st.DataObject) -> None:
        """What is offered goes through, unless what was typed is not good enough or the mail is on its way."""
        for case in Application.objects.order_by("pk"):
            offers = self._offers(case)
            if not offers:
                continue
            command = data.draw(st.sampled_from(sorted(offers)))
            code = self._give(command, case, data.draw(st.sampled_from(offers[command])), case.version)
            assert code not in GATE, (case.state, command, code)

    somebody_presses_another = somebody_presses_a_button  # most of what happens in a portal
    somebody_presses_a_third = somebody_presses_a_button

    def _offers(self, case: Application) -> dict[str, list[Mover]]:
        """By command, who may give it; words that change nothing are left to `somebody_tries`."""
        offers: dict[str, list[Mover]] = {}
        for who in self.people:
            for command in allowed_commands(case, who, self.now) - IDLE:
                offers.setdefault(str(command), []).append(who)
        return offers

    @rule(data=st.data(), command=st.sampled_from(COMMANDS), stale=st.booleans())
    def somebody_tries_what_comes_to_mind(self, data: st.DataObject, command: str, stale: bool) -> None:
        """It goes through or is refused in words; and never when another version was on the screen."""
        case = data.draw(st.sampled_from(list(Application.objects.order_by("pk"))))
        code = self._give(command, case, data.draw(st.sampled_from(self.people)), case.version - stale)
        assert code != "ok" or not stale or command not in VERSIONED

    @rule(who=st.sampled_from([0, 1]), again=st.booleans())
    def somebody_begins(self, who: int, again: bool) -> None:
        ada = self.applicants[who]
        last = Application.objects.filter(applicant=ada).order_by("-pk").first() if again else None
        self._try(
            lambda: commands.start_application(
                actor=ada, family=self.family, previous=str(last.number) if last else "", now=self.now
            )
        )

    @rule(seconds=st.sampled_from([1, 30, 61, 3 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(days=st.sampled_from([1, 3, 12]))
    def the_clock_runs(self, days: int) -> None:
        self.now += timedelta(days=days)
        for job in (keeping.remind_due, keeping.expire_due, keeping.close_due, keeping.anonymise_due):
            job(self.now)

    @rule()
    def mail_leaves(self) -> None:
        deliver_due(self.now)

    def _give(self, command: str, case: Application, who: Mover, version: int) -> str:
        told: dict[str, Any] = {"actor": who, "number": case.number, "now": self.now}
        if command in VERSIONED:
            told["version"] = version
        words = extra(command, case, self.ben)
        if command == "set_hold":
            words["recheck_at"] = self.now + timedelta(days=1)
        return self._try(lambda: getattr(commands, FUNCTION.get(command, command))(**told, **words))

    def _try(self, act: Any) -> str:
        try:
            with transaction.atomic():
                act()
        except GatehouseError as refusal:
            return refusal.code
        return "ok"

    @invariant()
    def what_must_hold_holds(self) -> None:
        cases = list(Application.objects.select_related("decision", "recommendation", "family").order_by("pk"))
        open_ones = [(case.applicant_id, case.family_id) for case in cases if case.state in OPEN_STATES]
        assert len(open_ones) == len(set(open_ones))
        for case in cases:
            self._check(case)

    def _check(self, case: Application) -> None:
        state, version = self.seen.get(case.pk, (case.state, case.version))
        assert case.version > version or (case.state, case.version) == (state, version)
        self.seen[case.pk] = (case.state, case.version)
        assert (case.claimed_by_id is not None) == (case.state == State.IN_REVIEW)
        check_answer(case)
        check_paper(case)
        check_mail(case, self)


def check_answer(case: Application) -> None:
    """The answer is that of the state, stands, and was given by people who could."""
    decision = case.decision
    if decision is None:
        assert case.state not in (*DECIDED_STATES, State.APPEALED)
    elif case.state in DECIDED_STATES:
        assert str(case.state) == {"approve": "approved"}.get(decision.verdict, f"refused_{decision.verdict[7:]}")
    else:
        assert case.state in (State.APPEALED, State.CLOSED)
    if decision is not None:
        assert decision.undone_at is None
        assert case.applicant_id not in (decision.by_id, decision.confirmed_by_id)
        if decision.verdict == "refuse_final" and decision.at != NOW - timedelta(hours=1):  # not of the scene
            assert decision.confirmed_by_id not in (None, decision.by_id)
        if decision.verdict == "approve" and needs_four_eyes(case):
            assert case.recommendation is not None
            assert case.recommendation.by_id != decision.by_id
    live = case.grants.filter(state__in=LIVE_STATES).count()
    assert live == (case.state == State.APPROVED)


def check_paper(case: Application) -> None:
    """What was sent is kept, and what happened is on record."""
    assert case.sent_rounds.count() == case.rounds
    if case.rounds and case.state not in (State.INFO_REQUESTED, State.WITHDRAWN, State.EXPIRED, State.CLOSED):
        assert case.sent_rounds.get(number=case.rounds).answers == case.answers
    assert first_broken(case.subject) is None
    last = Event.objects.filter(subject=case.subject).order_by("-sequence").first()
    if last is not None and "state" in last.data:
        assert (last.data["state"], last.data["version"] <= case.version) == (case.state, True)
    assert (case.state not in REFUSED_STATES) or case.due_at is None


def check_mail(case: Application, portal: Portal) -> None:
    """The mail of an act waits exactly as long as the act can be undone; of what was undone none waits."""
    held = OutboxMail.objects.filter(
        about=case.subject, template__in=set(MAIL_OF.values()), cancelled_at=None, not_before__gt=portal.now
    )
    waiting = [] if case.is_disclosed(portal.now) else [MAIL_OF[State(case.state)]]
    assert list(held.values_list("template", flat=True)) == waiting


def test_what_must_hold_holds_after_any_sequence() -> None:
    run_state_machine_as_test(
        Portal,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )  # fmt: skip
