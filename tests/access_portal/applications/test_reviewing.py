"""Taking, handing over, asking, judging, noting, holding, talking. Also run against mutants."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, Conflict, Message, Note, State
from access_portal.audit.models import Event
from access_portal.errors import GatehouseError
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.scenes import CHECKED, DAY, HOUR, NOW, make_application, make_open_family
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    return make_user("ben", Role.REVIEWER)


@pytest.fixture
def case(ben: User) -> Application:
    return make_application(make_user("ada"), make_open_family(), State.IN_REVIEW, holder=ben)


def told(case: Application, actor: User, **more: Any) -> dict[str, Any]:
    version = Application.objects.get(pk=case.pk).version
    return {"actor": actor, "number": case.number, "version": version, "now": NOW, **more}


def code_of(call: Any, **arguments: Any) -> str:
    with pytest.raises(GatehouseError) as caught, transaction.atomic():
        call(**arguments)
    return caught.value.code


def test_a_claim_names_holder_and_time_and_keeps_the_clock(commands: ModuleType, ben: User) -> None:
    case = make_application(make_user("ada"), make_open_family())
    taken = commands.claim(**told(case, ben))
    assert (taken.state, taken.claimed_by, taken.handler, taken.claimed_at) == (State.IN_REVIEW, ben, ben, NOW)
    assert (taken.version, taken.due_at) == (2, case.due_at)
    event = Event.objects.get(subject=case.subject)
    assert (event.name, event.actor, event.data) == ("application_claimed", ben, {"state": "in_review", "version": 2})


def test_a_claim_lapses_after_two_hours(commands: ModuleType, case: Application) -> None:
    bea = make_user("bea", Role.REVIEWER)
    assert code_of(commands.claim, **told(case, bea, now=NOW + HOUR * 0.99)) == "claimed_by_other"
    assert commands.claim(**told(case, bea, now=NOW + HOUR)).claimed_by == bea


def test_a_claim_is_made_longer_by_claiming_again(commands: ModuleType, ben: User, case: Application) -> None:
    taken = commands.claim(**told(case, ben, now=NOW + HOUR))
    assert (taken.claimed_by, taken.claimed_at) == (ben, NOW + HOUR)


@pytest.mark.parametrize("offset", [-1, 1])
def test_a_command_about_another_version_does_nothing(
    commands: ModuleType, ben: User, case: Application, offset: int
) -> None:
    arguments = told(case, ben) | {"version": case.version + offset}
    assert code_of(commands.release, **arguments) == "stale_version"
    assert Application.objects.get(pk=case.pk).state == State.IN_REVIEW


@pytest.mark.parametrize(("state", "back"), [(State.SUBMITTED, State.SUBMITTED), (State.REVISED, State.REVISED)])
def test_a_case_goes_back_to_where_it_came_from(commands: ModuleType, ben: User, state: State, back: State) -> None:
    case = make_application(make_user("ada"), make_open_family(), state, holder=ben)
    commands.claim(**told(case, ben))
    given = commands.release(**told(case, ben))
    assert (given.state, given.claimed_by, given.claimed_at) == (back, None, None)


def test_a_case_is_handed_to_a_fit_colleague_who_is_told(commands: ModuleType, ben: User, case: Application) -> None:
    bea, near = make_user("bea", Role.REVIEWER), make_user("nia", Role.REVIEWER)
    Conflict.objects.create(user=near, applicant=case.applicant, declared_at=NOW)
    for unfit in (near, case.applicant, make_user("cy")):
        assert code_of(commands.hand_over, **told(case, ben), to=unfit) == "colleague_unfit"
    given = commands.hand_over(**told(case, ben), to=bea)
    assert (given.claimed_by, given.handler, given.claimed_at) == (bea, bea, NOW)
    assert OutboxMail.objects.get().user == bea
    assert Event.objects.get(subject=case.subject).data["to"] == bea.pk


def test_questions_return_the_case_with_a_date(commands: ModuleType, ben: User, case: Application) -> None:
    asks = [commands.Ask("What will you measure?", "purpose"), commands.Ask("Who else will use it?")]
    asked = commands.request_info(**told(case, ben), asks=asks)
    assert (asked.state, asked.due_at, asked.claimed_by) == (State.INFO_REQUESTED, NOW + 30 * DAY, None)
    assert [(row.question, row.text, row.asked_by) for row in asked.info_requests.all()] == [
        ("purpose", "What will you measure?", ben), ("", "Who else will use it?", ben),
    ]  # fmt: skip
    mail = OutboxMail.objects.get()
    assert (mail.user, "What will you measure?" in mail.body) == (case.applicant, True)
    assert mail.not_before == asked.undo_until


@pytest.mark.parametrize(
    ("asks", "due", "code"),
    [
        ([], None, "nothing_asked"),
        ([("short", "purpose")], None, "text_too_short"),
        ([("What will you measure?", "no_such")], None, "unknown_question"),
        ([("x" * 4001, "")], None, "text_too_long"),
        ([("What will you measure?", "")], NOW, "due_too_soon"),
    ],
)
def test_a_bad_question_is_not_asked(
    commands: ModuleType, ben: User, case: Application, asks: list[tuple[str, str]], due: Any, code: str
) -> None:
    asked = [commands.Ask(*ask) for ask in asks]
    assert code_of(commands.request_info, **told(case, ben), asks=asked, due_at=due) == code
    assert not case.info_requests.exists()


def test_questions_can_be_taken_back_in_time(commands: ModuleType, ben: User, case: Application) -> None:
    commands.request_info(**told(case, ben), asks=[commands.Ask("What will you measure?")])
    back = commands.undo(**told(case, ben))
    assert (back.state, back.claimed_by) == (State.IN_REVIEW, ben)
    assert back.info_requests.get().settled_at == NOW
    assert OutboxMail.objects.get().cancelled_at == NOW


def test_a_recommendation_keeps_the_checklist(commands: ModuleType, ben: User, case: Application) -> None:
    words = {"verdict": "refuse_fixable", "text": "No method.", "code": "purpose_unclear"}
    passed = commands.recommend(**told(case, ben), **words, checked=[*CHECKED, "made up"])
    kept = passed.recommendation
    assert (passed.state, passed.claimed_by, kept.by, kept.round) == (State.RECOMMENDED, None, ben, 1)
    assert (kept.verdict, kept.code, sorted(kept.checked)) == ("refuse_fixable", "purpose_unclear", sorted(CHECKED))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"checked": []}, "checklist_open"),
        ({"verdict": "maybe"}, "unknown_verdict"),
        ({"verdict": "refuse_final", "code": ""}, "unknown_reason"),
        ({"text": " "}, "text_missing"),
    ],
)
def test_a_recommendation_says_enough(
    commands: ModuleType, ben: User, case: Application, change: dict[str, Any], code: str
) -> None:
    words = {"verdict": "approve", "text": "Sound.", "checked": CHECKED, **change}
    assert code_of(commands.recommend, **told(case, ben), **words) == code


def test_an_opinion_is_given_once_each_round(commands: ModuleType, case: Application) -> None:
    bea = make_user("bea", Role.REVIEWER)
    words = {"actor": bea, "number": case.number, "verdict": "approve", "text": "Sound.", "now": NOW}
    assert commands.opine(**words).round == 1
    assert code_of(commands.opine, **words) == "already_given"


def test_notes_stay_in_the_house_and_are_not_rewritten(commands: ModuleType, ben: User, case: Application) -> None:
    commands.note(actor=ben, number=case.number, text="Odd page.", now=NOW)
    kept = Note.objects.filter(application=case)
    assert (kept.get().text, kept.get().author) == ("Odd page.", ben)
    assert not OutboxMail.objects.exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        kept.update(text="Fine page.")


def test_each_side_hears_what_the_other_writes(commands: ModuleType, ben: User, case: Application) -> None:
    ada = case.applicant
    commands.send_message(actor=ben, number=case.number, text="Who is your supervisor?", now=NOW)
    commands.send_message(actor=ada, number=case.number, text="Professor Bo.", now=NOW + HOUR)
    assert [(m.author, m.from_office) for m in Message.objects.all()] == [(ben, True), (ada, False)]
    assert [(m.user, m.template) for m in OutboxMail.objects.order_by("pk")] == [
        (ada, "application_message"), (ben, "application_message"),
    ]  # fmt: skip


def test_a_message_says_something_and_of_the_office_is_only_who_acts_for_it(commands: ModuleType, ben: User) -> None:
    eve = make_user("eve", Role.REVIEWER)  # applies herself
    case = make_application(eve, make_open_family(), State.IN_REVIEW, holder=ben)
    words = {"number": case.number, "now": NOW}
    assert code_of(commands.send_message, actor=eve, text=" ", **words) == "text_missing"
    made = commands.send_message(actor=eve, text="  When? ", **words)
    assert (made.text, made.from_office) == ("When?", False)


def test_a_hold_tells_the_applicant_no_ground(commands: ModuleType, case: Application) -> None:
    dan = make_user("dan", Role.DECIDER)
    held = commands.set_hold(**told(case, dan), ground="A hit on the list.", recheck_at=NOW + DAY)
    assert (held.is_on_hold, held.hold_recheck_at) == (True, NOW + DAY)
    mail = OutboxMail.objects.get()
    assert (mail.user, "list" in mail.body) == (case.applicant, False)
    assert commands.lift_hold(**told(case, dan)).is_on_hold is False
    assert list(OutboxMail.objects.order_by("pk").values_list("template", "user")) == [
        ("application_held", case.applicant_id), ("application_hold_lifted", case.applicant_id),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ground", "later", "code"), [("", DAY, "text_missing"), ("A hit on the list.", -DAY, "recheck_in_the_past")]
)
def test_a_hold_has_a_ground_and_a_date(
    commands: ModuleType, case: Application, ground: str, later: Any, code: str
) -> None:
    dan = make_user("dan", Role.DECIDER)
    assert code_of(commands.set_hold, **told(case, dan), ground=ground, recheck_at=NOW + later) == code


def test_who_declares_a_conflict_gives_the_case_back(commands: ModuleType, ben: User, case: Application) -> None:
    declared = commands.declare_conflict(actor=ben, number=case.number, reason="We wrote a paper.", now=NOW)
    case.refresh_from_db()
    assert (case.state, case.claimed_by, case.handler) == (State.SUBMITTED, None, None)
    assert code_of(commands.claim, **told(case, ben)) == "conflict_of_interest"
    commands.end_conflict(actor=ben, conflict_id=declared.pk, now=NOW)
    assert commands.claim(**told(case, ben)).claimed_by == ben


def test_a_conflict_is_about_something_and_ones_own(commands: ModuleType, ben: User, case: Application) -> None:
    assert code_of(commands.declare_conflict, actor=ben, now=NOW) == "conflict_about_nothing"
    assert code_of(commands.declare_conflict, actor=ben, number="GH-1", now=NOW) == "application_not_found"
    assert code_of(commands.declare_conflict, actor=make_user("cy"), domain="x.example", now=NOW) == "role_missing"
    declared = commands.declare_conflict(actor=ben, domain="@Uni.Example ", now=NOW)
    assert declared.domain == "uni.example"
    bea = make_user("bea", Role.REVIEWER)
    assert code_of(commands.end_conflict, actor=bea, conflict_id=declared.pk, now=NOW) == "conflict_not_found"
