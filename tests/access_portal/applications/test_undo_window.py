"""The minute in which something said can be taken back: nobody outside the office knows of it. Also run on mutants."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, State
from access_portal.applications.standing import allowed_commands
from access_portal.grants.models import Grant
from access_portal.outbox.commands import deliver_due
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.acting import code_of, refusal_of, told, word
from tests.access_portal.applications.scenes import (
    CHECKED,
    DAY,
    FINAL,
    HOUR,
    NOW,
    REFUSAL,
    TERMS,
    current_licence,
    make_application,
    make_open_family,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db
SOON, LATER = NOW + timedelta(seconds=30), NOW + timedelta(seconds=60)
OBJECTION = "You have not seen what I wrote about the method."


@pytest.fixture
def dan() -> User:
    return make_user("dan", Role.DECIDER)


@pytest.fixture
def case() -> Application:
    return make_application(make_user("ada"), make_open_family(), State.RECOMMENDED)


@pytest.fixture
def read() -> Application:
    """A case in review."""
    return make_application(make_user("ada"), make_open_family(), State.IN_REVIEW)


def asks(commands: ModuleType) -> dict[str, Any]:
    return {"asks": [commands.Ask("What will you measure?", "purpose")]}


def test_a_refusal_that_can_be_undone_is_not_there_for_the_applicant(
    commands: ModuleType, dan: User, case: Application
) -> None:
    commands.refuse_fixable(**told(case, dan), **REFUSAL)
    ada = case.applicant
    assert code_of(commands.withdraw, **word(case, ada, SOON)) == "one_moment"
    refused = refusal_of(commands.appeal, **word(case, ada, SOON, text=OBJECTION))
    assert (refused.code, "Waiting for a decision" in refused.explanation) == ("wrong_state", True)
    begin = {"actor": ada, "family": case.family, "now": SOON}
    assert code_of(commands.start_application, **begin) == "already_open"
    assert code_of(commands.start_application, **begin, previous=case.number) == "wrong_state"
    case.refresh_from_db()
    assert allowed_commands(case, ada, SOON) == {"message"}
    assert commands.appeal(**word(case, ada, LATER, text=OBJECTION)).state == State.APPEALED


def test_after_the_minute_a_refused_applicant_begins_anew(commands: ModuleType, dan: User, case: Application) -> None:
    commands.refuse_fixable(**told(case, dan), **REFUSAL)
    begin = {"actor": case.applicant, "family": case.family, "previous": case.number}
    assert commands.start_application(**begin, now=LATER).state == State.DRAFT


def test_questions_that_can_be_undone_are_not_answered_yet(commands: ModuleType, read: Application) -> None:
    commands.request_info(**told(read, read.claimed_by), **asks(commands))
    ada = read.applicant
    assert code_of(commands.save_draft, **told(read, ada, SOON), answers={"purpose": "Better."}) == "wrong_state"
    licence = current_licence(read.family)
    assert code_of(commands.resubmit, **told(read, ada, SOON), replies={}, **licence) == "wrong_state"
    assert commands.save_draft(**told(read, ada, LATER), answers={"purpose": "Better."}).answers["purpose"] == "Better."


def test_who_withdraws_in_that_minute_gets_no_questions_afterwards(commands: ModuleType, read: Application) -> None:
    commands.request_info(**told(read, read.claimed_by), **asks(commands))
    gone = commands.withdraw(**word(read, read.applicant, SOON))
    assert (gone.state, gone.undo_by, gone.undo_until, gone.undo_to) == (State.WITHDRAWN, None, None, "")
    assert deliver_due(NOW + DAY) == 1
    assert OutboxMail.objects.get(cancelled_at=None).template == "application_withdrawn"


def test_who_withdraws_later_has_had_the_questions(commands: ModuleType, read: Application) -> None:
    commands.request_info(**told(read, read.claimed_by), **asks(commands))
    commands.withdraw(**word(read, read.applicant, LATER))
    assert not OutboxMail.objects.exclude(cancelled_at=None).exists()


def test_undoing_gives_the_office_no_more_time(commands: ModuleType, dan: User, case: Application) -> None:
    due_at = case.sent_rounds.get().sent_at + 10 * DAY
    commands.refuse_fixable(**told(case, dan), **REFUSAL)
    assert commands.undo(**told(case, dan, SOON)).due_at == due_at


def test_after_an_upheld_appeal_the_time_runs_from_its_answer(commands: ModuleType, dan: User) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.APPEALED)
    ground = "The method is on page two, which the refusal did not see."
    again = commands.decide_appeal(**told(case, dan), upheld=True, ground=ground)
    commands.refuse_fixable(**told(case, dan, NOW + HOUR), **REFUSAL)
    assert again.due_at == NOW + 10 * DAY
    assert commands.undo(**told(case, dan, NOW + HOUR)).due_at == NOW + 10 * DAY


def test_a_final_refusal_that_was_undone_is_written_anew(commands: ModuleType, dan: User, case: Application) -> None:
    dora = make_user("dora", Role.DECIDER)
    commands.propose_final(**told(case, dan), **FINAL)
    commands.refuse_final(**told(case, dora))
    assert code_of(commands.undo, **told(case, dan, SOON)) == "undo_over"  # it was dora's act
    undone = commands.undo(**told(case, dora, SOON))
    assert (undone.state, undone.final_proposal, undone.decision) == (State.RECOMMENDED, None, None)
    assert code_of(commands.refuse_final, **told(case, dora, SOON)) == "final_needs_two"


def test_deciding_alone_undone_and_done_again_leaves_one_grant(commands: ModuleType, dan: User) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=dan)
    for seconds in (0, 10, 20):
        at = NOW + timedelta(seconds=seconds)
        commands.approve(**told(case, dan, at), terms=TERMS, checked=CHECKED)
        undone = commands.undo(**told(case, dan, at + timedelta(seconds=5)))
        assert (undone.state, undone.claimed_by, undone.claimed_at) == (
            State.IN_REVIEW, dan, at + timedelta(seconds=5),
        )  # fmt: skip
    commands.approve(**told(case, dan, LATER), terms=TERMS, checked=CHECKED)
    assert sorted(Grant.objects.values_list("state", flat=True)) == ["active", "undone", "undone", "undone"]
    assert OutboxMail.objects.filter(cancelled_at=None).count() == 1


def test_messages_pass_in_that_minute(commands: ModuleType, dan: User, case: Application) -> None:
    commands.approve(**told(case, dan), terms=TERMS)
    assert commands.send_message(**word(case, case.applicant, SOON, text="Any news?")).from_office is False


def test_what_is_promised_at_once_holds_at_once(commands: ModuleType, dan: User, case: Application) -> None:
    other = make_application(make_user("cy"), case.family, State.RECOMMENDED)
    given = commands.approve(**told(case, dan), terms=TERMS, undo_seconds=0)
    commands.refuse_fixable(**told(other, dan), **REFUSAL, undo_seconds=0)
    assert given.starts_at == NOW
    for found in (case, other):
        found.refresh_from_db()
        assert found.told_state(NOW) == found.state != State.RECOMMENDED
        assert code_of(commands.undo, **told(found, dan)) == "undo_over"
    assert deliver_due(NOW) == 2
