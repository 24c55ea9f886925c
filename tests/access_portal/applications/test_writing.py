"""What a draft keeps: answers to open questions, in a shape that can be read again. Also run on mutants."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access_portal.accounts.models import Role, User
from access_portal.applications.forms import answers_to_keep, complete_answers, draft_form
from access_portal.applications.models import Application, InfoRequest, State
from access_portal.applications.progress import progress_of
from access_portal.errors import InvalidError
from access_portal.questionnaires.files import Checked
from access_portal.questionnaires.house import house_definition
from access_portal.questionnaires.models import FormVersion
from release.models import Family
from tests.access_portal.applications.acting import code_of, refusal_of, told, word
from tests.access_portal.applications.scenes import (
    ANSWERS,
    NOW,
    current_licence,
    draft,
    make_application,
    make_open_family,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PLAN = Checked("plan.pdf", "application/pdf", 5, hashlib.sha256(b"%PDF-").hexdigest(), b"%PDF-")
OTHER = Checked("other.pdf", "application/pdf", 6, hashlib.sha256(b"%PDF-2").hexdigest(), b"%PDF-2")


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def toy() -> Family:
    return make_open_family()


def test_only_answers_to_questions_of_the_form_are_kept(commands: ModuleType, ada: User, toy: Family) -> None:
    forged = {"plan_file": PLAN.as_answer(), "no_such": "x" * 10**6, "state": "approved", "purpose": "To see."}
    kept = commands.save_draft(**told(draft(ada, toy, {}), ada), answers=forged)
    assert kept.answers == {"purpose": "To see."}


@pytest.mark.parametrize(
    "value",
    [{"a": 1}, [["a"]], [1], ["a"] * 101, "x" * 20_001, "a\x00b", ["\ud800"], 1.5, float("nan"), 10**16],
)
def test_what_is_no_answer_is_not_kept(commands: ModuleType, ada: User, toy: Family, value: Any) -> None:
    begun = draft(ada, toy)
    problem = refusal_of(commands.save_draft, **told(begun, ada), answers={"purpose": value})
    assert isinstance(problem, InvalidError)
    assert (problem.code, problem.field) == ("answer_unusable", "purpose")


def test_what_was_asked_before_and_answered_is_not_open_again(commands: ModuleType, ada: User, toy: Family) -> None:
    case = make_application(ada, toy, State.INFO_REQUESTED)
    asked = case.info_requests.get()
    InfoRequest.objects.create(
        application=case, round=1, question="country", text="Where is that?", asked_by=asked.asked_by, asked_at=NOW,
        settled_at=NOW,
    )  # fmt: skip
    saved = commands.save_draft(**told(case, ada), answers={"country": "Peru", "purpose": "Better."})
    assert (saved.answers["country"], saved.answers["purpose"]) == ("Malaysia", "Better.")


def test_a_reply_is_kept_for_the_question_it_answers(commands: ModuleType, ada: User, toy: Family) -> None:
    case = make_application(ada, toy, State.INFO_REQUESTED)
    request = case.info_requests.get()
    replies = {request.pk: f"  {'x' * 5000}", 10**30: "nobody asked", -1: "nor this"}
    commands.save_draft(**told(case, ada), answers={}, replies=replies)
    request.refresh_from_db()
    assert (request.reply, request.settled_at) == ("x" * 4000, None)


def test_a_word_of_the_office_does_not_get_in_the_way_of_writing(commands: ModuleType, ada: User, toy: Family) -> None:
    ben = make_user("ben", Role.REVIEWER)
    case = make_application(ada, toy, State.INFO_REQUESTED)
    on_screen = told(case, ada)
    commands.note(**word(case, ben, text="Looks odd."))
    commands.send_message(**word(case, ben, text="Take your time."))
    assert commands.save_draft(**on_screen, answers={"purpose": "Better."}).version == case.version + 1


def test_a_word_does_get_in_the_way_of_deciding(commands: ModuleType, ada: User, toy: Family) -> None:
    ben = make_user("ben", Role.REVIEWER)
    case = make_application(ada, toy)
    on_screen = told(case, ben)
    commands.send_message(**word(case, ada, text="I have changed my mind about the data."))
    assert code_of(commands.claim, **on_screen) == "stale_version"


@pytest.mark.parametrize("question", ["purpose", "no_such", ""])
def test_a_file_answers_a_question_that_asks_for_one(
    commands: ModuleType, ada: User, toy: Family, question: str
) -> None:
    begun = draft(ada, toy)
    assert code_of(commands.attach, **told(begun, ada), question=question, checked=PLAN) == "question_unknown"
    assert code_of(commands.detach, **told(begun, ada), question=question) == "question_unknown"
    begun.refresh_from_db()
    assert (begun.attachments.count(), begun.answers["purpose"]) == (0, ANSWERS["purpose"])


def test_in_a_returned_case_only_the_file_that_was_asked_about_changes(
    commands: ModuleType, ada: User, toy: Family
) -> None:
    case = make_application(ada, toy, State.INFO_REQUESTED)  # asked about the purpose
    assert code_of(commands.attach, **told(case, ada), question="plan_file", checked=PLAN) == "question_not_open"
    assert code_of(commands.detach, **told(case, ada), question="plan_file") == "question_not_open"


def test_a_file_that_was_sent_stays_when_another_takes_its_place(commands: ModuleType, ada: User, toy: Family) -> None:
    ben, begun = make_user("ben", Role.REVIEWER), draft(ada, toy)
    commands.attach(**told(begun, ada), question="plan_file", checked=PLAN)
    commands.submit_application(**told(begun, ada), **current_licence(toy))
    commands.claim(**told(begun, ben))
    asks = [commands.Ask("Send the plan of this year.", "plan_file")]
    asked = commands.request_info(**told(begun, ben), asks=asks)
    late = asked.undo_until
    again = commands.attach(**told(begun, ada, late), question="plan_file", checked=OTHER)
    assert sorted(again.attachments.values_list("name", flat=True)) == ["other.pdf", "plan.pdf"]
    gone = commands.detach(**told(begun, ada, late), question="plan_file")
    assert ([file.name for file in gone.attachments.all()], "plan_file" in gone.answers) == (["plan.pdf"], False)


@pytest.mark.parametrize(
    ("what", "code"),
    [("family", "applications_closed"), ("address", "email_not_verified"), ("account", "account_closed")],
)
def test_what_closed_while_the_draft_was_open_is_closed(
    commands: ModuleType, ada: User, toy: Family, what: str, code: str
) -> None:
    begun = draft(ada, toy)
    if what == "family":
        type(toy).objects.update(accepts_applications=False)
    elif what == "address":
        EmailAddress.objects.filter(user=ada).delete()
    else:
        ada.is_active = False
    assert code_of(commands.submit_application, **told(begun, ada), **current_licence(toy)) == code


def test_numbers_go_on_through_the_turn_of_the_year(commands: ModuleType, ada: User, toy: Family) -> None:
    eve = NOW.replace(year=2026, month=12, day=31, hour=23, minute=59)
    old = commands.start_application(actor=ada, family=toy, now=eve)
    new = commands.start_application(actor=make_user("cy"), family=toy, now=eve.replace(year=2027, month=1, day=1))
    assert (old.number[:8], new.number[:8]) == ("GH-2026-", "GH-2027-")
    assert int(new.number[8:]) > int(old.number[8:])


WORDS = st.text(max_size=8)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
JSON = PLAIN | st.lists(PLAIN | st.lists(PLAIN, max_size=2), max_size=3) | st.dictionaries(WORDS, PLAIN, max_size=3)
NAMES = [question["name"] for section in house_definition()["sections"] for question in section["questions"]]
WHATEVER = st.dictionaries(st.sampled_from([*NAMES, "no_such"]), JSON, max_size=6)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(answers=WHATEVER)
def test_no_answers_break_the_form(answers: dict[str, Any]) -> None:
    """Drafts of long ago, imports, mistakes of ours: whatever a row holds can be read, shown and refused."""
    case = Application(state=State.DRAFT, answers={**ANSWERS, **answers}, form=form(), family=Family(pk=1, slug="toy"))
    vars(case.family)["_prefetched_objects_cache"] = {"variants": []}
    with suppress(InvalidError):
        assert set(answers_to_keep(case, answers)) <= set(NAMES)
    with suppress(InvalidError):
        complete_answers(case)
    assert progress_of(case)
    assert str(draft_form(case))


def form() -> FormVersion:
    return FormVersion(definition=house_definition(), sha256="of the house")
