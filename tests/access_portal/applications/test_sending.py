"""What sending leaves behind, and what every command does with a page that is out of date. Also run on mutants."""

from __future__ import annotations

from types import ModuleType

import pytest

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, Attachment, InfoRequest, QueueLine, Signal, State
from access_portal.outbox.models import OutboxMail
from access_portal.references.models import Reference
from release.models import Family
from tests.access_portal.applications.acting import code_of, told, word
from tests.access_portal.applications.scenes import (
    ANSWERS,
    DAY,
    FINAL,
    HOUR,
    NOW,
    current_licence,
    draft,
    make_application,
    make_open_family,
    replace_licence,
)
from tests.access_portal.applications.table import FUNCTION, VERSIONED, extra
from tests.factories import make_acceptance, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def toy() -> Family:
    return make_open_family()


STATES = {
    "save": State.DRAFT, "submit": State.DRAFT, "resubmit": State.INFO_REQUESTED, "claim": State.SUBMITTED,
    "send_back": State.RECOMMENDED, "approve": State.RECOMMENDED, "propose_final": State.RECOMMENDED,
    "refuse_final": State.RECOMMENDED, "undo": State.RECOMMENDED, "lift_hold": State.RECOMMENDED,
    "decide_appeal": State.APPEALED,
}  # fmt: skip
BY_APPLICANT = {"save", "submit", "resubmit"}


@pytest.mark.parametrize("command", sorted(VERSIONED))
@pytest.mark.parametrize("offset", [-1, 1])
def test_no_command_is_given_from_a_page_that_is_out_of_date(commands: ModuleType, command: str, offset: int) -> None:
    both = make_user("both", Role.REVIEWER, Role.DECIDER)
    case = make_application(make_user("ada"), make_open_family(), STATES.get(command, State.IN_REVIEW), holder=both)
    if command == "lift_hold":
        Application.objects.filter(pk=case.pk).update(hold_ground="A hit.", hold_recheck_at=NOW)
    elif command == "refuse_final":
        commands.propose_final(**told(case, make_user("dan", Role.DECIDER)), **FINAL)
    elif command == "undo":
        commands.refuse_fixable(**told(case, both), **extra("refuse_fixable", case, both))
    fresh = make_user("fresh", Role.DECIDER)  # without a part in what is appealed against
    actor = {"decide_appeal": fresh, **dict.fromkeys(BY_APPLICANT, case.applicant)}.get(command, both)
    call = {**told(case, actor), **extra(command, case, make_user("spare", Role.REVIEWER))}
    call["version"] += offset
    assert code_of(getattr(commands, FUNCTION.get(command, command)), **call) == "stale_version"


def test_a_number_that_nobody_has_is_not_found(commands: ModuleType) -> None:
    ben = make_user("ben", Role.REVIEWER)
    assert code_of(commands.claim, actor=ben, number="GH-2026-00000", version=1, now=NOW) == "application_not_found"


def test_sending_leaves_a_line_for_the_queue_and_signals_and_asks_whoever_vouches(
    commands: ModuleType, ada: User, toy: Family
) -> None:
    answers = {**ANSWERS, "position": "student", "supervisor_name": "Bo", "supervisor_email": "bo@else.example"}
    begun = draft(ada, toy, answers)
    sent = commands.submit_application(**told(begun, ada, NOW + HOUR), **current_licence(toy))
    assert (sent.submitted_at, sent.sent_rounds.get().sent_at) == (NOW + HOUR, NOW + HOUR)
    line = QueueLine.objects.get(application=sent)
    assert (line.institution, line.position, line.domain) == ("Example University", "student", "uni.example")
    assert Signal.objects.filter(application=sent, round=1).exists()
    assert Reference.objects.get(application=sent).email == "bo@else.example"


def test_sending_again_signals_and_asks_anew(commands: ModuleType, ada: User, toy: Family) -> None:
    answers = {**ANSWERS, "position": "student", "supervisor_name": "Bo", "supervisor_email": "bo@else.example"}
    case = make_application(ada, toy, State.INFO_REQUESTED, answers=answers, undo_by=make_user("ben"), undo_until=NOW)
    again = {**told(case, ada), "replies": {case.info_requests.get().pk: "It stays."}, **current_licence(toy)}
    sent = commands.resubmit(**again)
    assert Signal.objects.filter(application=sent, round=2).exists()
    assert Reference.objects.get(application=sent).email == "bo@else.example"
    assert (sent.undo_by, sent.undo_until) == (None, None)


def test_a_returned_case_is_not_sent_with_a_gap(commands: ModuleType, ada: User, toy: Family) -> None:
    case = make_application(ada, toy, State.INFO_REQUESTED)
    commands.save_draft(**told(case, ada), answers={"purpose": ""})
    again = {**told(case, ada), "replies": {case.info_requests.get().pk: "I took it out."}, **current_licence(toy)}
    assert code_of(commands.resubmit, **again) == "answers_incomplete"


def test_of_several_questions_each_keeps_its_own_reply(commands: ModuleType, ada: User, toy: Family) -> None:
    case = make_application(ada, toy, State.INFO_REQUESTED)
    one = case.info_requests.get()
    two = InfoRequest.objects.create(
        application=case, round=1, text="Who else will use it?", asked_by=one.asked_by, asked_at=NOW
    )
    commands.save_draft(**told(case, ada), answers={}, replies={two.pk: "Nobody."})
    assert [request.reply for request in case.info_requests.all()] == ["", "Nobody."]


def test_a_version_of_the_same_words_is_read_anew(commands: ModuleType, ada: User, toy: Family) -> None:
    begun, shown = draft(ada, toy), current_licence(toy)
    newer = replace_licence(toy, text="Be good.")
    assert newer.sha256 == shown["shown_sha256"]
    assert code_of(commands.submit_application, **told(begun, ada), **shown) == "licence_changed"


def test_an_acceptance_of_before_stands_only_for_what_is_shown_now(
    commands: ModuleType, ada: User, toy: Family
) -> None:
    made = make_acceptance(ada, toy.weights_licence.versions.get())
    begun, shown = draft(ada, toy), current_licence(toy)
    altered = {**shown, "shown_sha256": "0" * 64}
    assert code_of(commands.submit_application, **told(begun, ada), **altered) == "licence_changed"
    assert commands.submit_application(**told(begun, ada), **shown).acceptance == made


def test_only_an_earlier_application_of_ones_own_for_the_family_is_taken_along(
    commands: ModuleType, ada: User, toy: Family
) -> None:
    others = make_application(make_user("cy"), toy, State.WITHDRAWN)
    elsewhere = make_application(ada, make_open_family("quill"), State.WITHDRAWN)
    for case in (others, elsewhere):
        call = {"actor": ada, "family": toy, "previous": case.number, "now": NOW}
        assert code_of(commands.start_application, **call) == "application_not_found"


def test_a_file_makes_room_for_its_own_question_only(commands: ModuleType, ada: User, toy: Family) -> None:
    begun = draft(ada, toy)
    Attachment.objects.create(
        application=begun, question="ethics_file", name="ethics.pdf", media_type="application/pdf", size_bytes=1,
        sha256="0" * 64, content=b"x", uploaded_at=NOW,
    )  # fmt: skip
    commands.detach(**told(begun, ada), question="plan_file")
    assert begun.attachments.get().name == "ethics.pdf"


def test_the_office_keeps_one_date_however_often_a_case_changes_hands(
    commands: ModuleType, ada: User, toy: Family
) -> None:
    case, ben = make_application(ada, toy), make_user("ben", Role.REVIEWER)
    due_at = case.due_at
    taken = commands.claim(**told(case, ben, NOW + DAY))
    given = commands.release(**told(case, ben, NOW + DAY))
    assert (taken.due_at, given.due_at) == (due_at, due_at)


def test_each_is_led_to_the_page_that_they_can_open(commands: ModuleType, ada: User, toy: Family) -> None:
    ben = make_user("ben", Role.REVIEWER)
    case = make_application(ada, toy, State.IN_REVIEW, holder=ben)
    commands.send_message(**word(case, ada, text="Any news?"))
    commands.send_message(**word(case, ben, text="Not yet."))
    bodies = {mail.user: mail.body for mail in OutboxMail.objects.all()}
    assert f"/review/{case.number}/" in bodies[ben]
    assert (f"/applications/{case.number}/" in bodies[ada], "/review/" in bodies[ada]) == (True, False)
