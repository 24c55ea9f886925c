"""Objecting to a refusal: in time, once, and answered by somebody without a part in it. Also run on mutants."""

from __future__ import annotations

from types import ModuleType

import pytest

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, Opinion, Recommendation, ReviewPolicy, State
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.acting import code_of, told, word
from tests.access_portal.applications.scenes import (
    CHECKED,
    DAY,
    FINAL,
    NOW,
    REFUSAL,
    TERMS,
    make_application,
    make_open_family,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db
OBJECTION = "You have not seen what I wrote about the method."
GROUND = "We read it again, and the method is indeed on page two."


@pytest.fixture
def dan() -> User:
    return make_user("dan", Role.DECIDER)


@pytest.fixture
def case() -> Application:
    return make_application(make_user("ada"), make_open_family(), State.RECOMMENDED)


def test_an_appeal_is_written_down_and_has_a_date(commands: ModuleType) -> None:
    case = make_application(
        make_user("ada"), make_open_family(), State.REFUSED_FIXABLE, undo_by=make_user("dan"), undo_until=NOW
    )
    appealed = commands.appeal(**word(case, case.applicant, text=f"  {OBJECTION} "))
    assert (appealed.state, appealed.due_at) == (State.APPEALED, NOW + 10 * DAY)
    assert (appealed.undo_by, appealed.undo_until) == (None, None)
    assert (appealed.appeal.text, appealed.appeal.against, appealed.appeal.at) == (OBJECTION, case.decision, NOW)
    mail = OutboxMail.objects.get()
    assert (mail.template, mail.user) == ("application_appeal_receipt", case.applicant)
    assert code_of(commands.appeal, **word(case, case.applicant, text=OBJECTION)) == "wrong_state"


@pytest.mark.parametrize(("text", "code"), [(" ", "text_missing"), ("No.", "text_too_short")])
def test_an_appeal_says_why(commands: ModuleType, text: str, code: str) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.REFUSED_FINAL)
    assert code_of(commands.appeal, **word(case, case.applicant, text=text)) == code


@pytest.mark.parametrize("state", [State.REFUSED_FIXABLE, State.REFUSED_FINAL])
def test_one_person_makes_no_final_refusal_of_one_that_can_be_mended(
    commands: ModuleType, dan: User, state: State
) -> None:
    case = make_application(make_user("ada"), make_open_family(), state)
    commands.appeal(**word(case, case.applicant, text=OBJECTION))
    ended = commands.decide_appeal(**told(case, dan), upheld=False, ground=GROUND)
    assert (ended.state, ended.due_at, ended.appeal.upheld) == (state, None, False)
    begin = {"actor": case.applicant, "family": case.family, "now": NOW, "previous": case.number}
    if state == State.REFUSED_FIXABLE:
        assert commands.start_application(**begin).previous == case
    else:
        assert code_of(commands.start_application, **begin) == "wrong_state"


def test_the_time_to_appeal_runs_from_the_confirmation(commands: ModuleType, dan: User, case: Application) -> None:
    commands.propose_final(**told(case, dan), **FINAL)
    commands.refuse_final(**told(case, make_user("dora", Role.DECIDER), NOW + 25 * DAY))
    late = word(case, case.applicant, NOW + 55 * DAY, text=OBJECTION)
    assert code_of(commands.appeal, **late) == "appeal_over"
    assert code_of(commands.close, **word(case, make_user("amy", Role.ADMIN), NOW + 54 * DAY)) == "not_settled"
    assert commands.appeal(**{**late, "now": NOW + 54 * DAY}).state == State.APPEALED


@pytest.mark.parametrize("part", ["decided", "recommended before", "gave an opinion", "proposed"])
def test_who_had_any_part_in_the_refusal_answers_no_appeal(commands: ModuleType, dan: User, part: str) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.RECOMMENDED)
    words = {"application": case, "round": 1, "by": dan, "verdict": "approve", "text": "Fine.", "at": NOW}
    if part == "recommended before":
        Recommendation.objects.create(**words)
    elif part == "gave an opinion":
        Opinion.objects.create(**words)
    elif part == "proposed":
        commands.propose_final(**told(case, dan), **FINAL)
    decider = dan if part == "decided" else make_user("dora", Role.DECIDER)
    commands.refuse_fixable(**told(case, decider), **REFUSAL)
    commands.appeal(**word(case, case.applicant, NOW + DAY, text=OBJECTION))
    answer = {"upheld": True, "ground": GROUND}
    assert code_of(commands.decide_appeal, **told(case, dan, NOW + DAY), **answer) == "was_involved"
    eve = make_user("eve", Role.DECIDER)
    other = make_application(make_user("cy"), case.family, State.RECOMMENDED)
    commands.refuse_fixable(**told(other, eve, NOW + DAY), **REFUSAL)  # a part in another case is none in this one
    assert commands.decide_appeal(**told(case, eve, NOW + DAY), **answer).state == State.IN_REVIEW


def test_who_confirmed_a_final_refusal_answers_no_appeal(commands: ModuleType, dan: User, case: Application) -> None:
    commands.propose_final(**told(case, make_user("dora", Role.DECIDER)), **FINAL)
    commands.refuse_final(**told(case, dan))
    commands.appeal(**word(case, case.applicant, NOW + DAY, text=OBJECTION))
    call = {**told(case, dan, NOW + DAY), "upheld": False, "ground": GROUND}
    assert code_of(commands.decide_appeal, **call) == "was_involved"


def test_an_upheld_appeal_starts_the_judging_over(commands: ModuleType, dan: User) -> None:
    family = make_open_family()
    ReviewPolicy.objects.create(family=family, eyes="four")
    case = make_application(make_user("ada"), family, State.RECOMMENDED)
    dora, eve = make_user("dora", Role.DECIDER), make_user("eve", Role.DECIDER)
    commands.propose_final(**told(case, dan), **FINAL)
    commands.refuse_fixable(**told(case, dora), **REFUSAL)
    commands.appeal(**word(case, case.applicant, NOW + DAY, text=OBJECTION))
    again = commands.decide_appeal(**told(case, eve, NOW + DAY), upheld=True, ground=GROUND)
    assert (again.decision, again.recommendation, again.final_proposal) == (None, None, None)
    assert (again.claimed_by, again.handler, again.claimed_at) == (eve, eve, NOW + DAY)
    at = NOW + DAY
    assert code_of(commands.approve, **told(case, eve, at), terms=TERMS, checked=CHECKED) == "needs_recommendation"
    commands.recommend(**told(case, eve, at), verdict="approve", text="Sound.", checked=CHECKED)
    assert code_of(commands.approve, **told(case, eve, at), terms=TERMS) == "four_eyes"
    assert commands.approve(**told(case, dan, at), terms=TERMS).number


def test_there_is_one_appeal_also_after_a_second_refusal(commands: ModuleType, dan: User) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.APPEALED)
    commands.decide_appeal(**told(case, dan), upheld=True, ground=GROUND)
    commands.refuse_fixable(**told(case, dan), **REFUSAL)
    assert code_of(commands.appeal, **word(case, case.applicant, NOW + DAY, text=OBJECTION)) == "appeal_over"


def test_who_has_begun_anew_withdraws_that_before_appealing(commands: ModuleType) -> None:
    case = make_application(make_user("ada"), make_open_family(), State.REFUSED_FIXABLE)
    commands.start_application(actor=case.applicant, family=make_open_family("another"), now=NOW)
    begun = commands.start_application(actor=case.applicant, family=case.family, now=NOW)
    assert code_of(commands.appeal, **word(case, case.applicant, text=OBJECTION)) == "already_open"
    commands.withdraw(**word(begun, case.applicant))
    assert commands.appeal(**word(case, case.applicant, text=OBJECTION)).state == State.APPEALED
