"""Who is asked what: the server holds to the definition, whatever was sent."""

from __future__ import annotations

from typing import Any

import pytest

from access_portal.questionnaires.building import build_form
from access_portal.questionnaires.conditions import asked, in_words, is_answered, with_dependents
from access_portal.questionnaires.house import house_definition
from access_portal.questionnaires.parsing import parse
from tests.access_portal.questionnaires.sheets import GOOD, SIZES, filled, question, sheet

HOUSE = parse(house_definition())
CHAIN = sheet(
    question("yes_no", "a"),
    question("checkbox", "b", when={"a": ["yes"]}),
    question("text", "c", when={"b": "answered"}, required=True),
)
POSITIONS = {
    "student": {"supervisor_name", "supervisor_email"},
    "independent": {"referee_name", "referee_email"},
    "industry": {"commercial_separation"},
    "postdoc": set(),
    "faculty": set(),
    "society": set(),
}


@pytest.mark.parametrize("position", POSITIONS)
def test_each_position_must_name_its_own_vouchers_and_nobody_elses(position: str) -> None:
    open_ones = set().union(*POSITIONS.values())
    sent = {name: value for name, value in GOOD.items() if name not in open_ones}
    form = filled(HOUSE, {**sent, "position": position})
    assert set(form.errors) == POSITIONS[position]


@pytest.mark.parametrize("position", POSITIONS)
def test_answers_that_were_not_asked_for_are_dropped_unseen(position: str) -> None:
    everything = dict.fromkeys(set().union(*POSITIONS.values()), "not@all\u202e" * 900)
    kept = dict.fromkeys(POSITIONS[position], "vouching@uni.example")
    form = filled(HOUSE, {**GOOD, **everything, **kept, "position": position})
    assert form.is_valid(), form.errors
    assert set(form.answers()) & set(everything) == POSITIONS[position]


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        ({}, {"a"}),
        ({"a": "no", "b": True, "c": "x"}, {"a"}),
        ({"a": "yes"}, {"a", "b"}),
        ({"a": "yes", "b": False}, {"a", "b"}),
        ({"a": "yes", "b": True}, {"a", "b", "c"}),
        ({"a": ["yes"], "b": True}, {"a", "b", "c"}),
        ({"a": {"yes": 1}, "b": True}, {"a"}),
    ],
)
def test_a_question_that_hangs_on_one_that_is_not_asked_is_not_asked(answers: dict[str, Any], names: set[str]) -> None:
    assert asked(CHAIN, answers) == names


def test_all_parts_of_a_condition_must_hold() -> None:
    both = sheet(question("yes_no", "a"), question("yes_no", "b"), question(when={"a": ["yes"], "b": ["no"]}))
    assert "q" in asked(both, {"a": "yes", "b": "no"})
    assert "q" not in asked(both, {"a": "yes", "b": "yes"})
    assert "q" not in asked(both, {"b": "no"})


def test_nought_is_an_answer_and_an_unticked_box_is_none() -> None:
    answers: list[Any] = [0, "no", True, ["a"]]
    none: list[Any] = [None, "", False, [], {}]
    assert [is_answered(value) for value in answers + none] == [True] * 4 + [False] * 5


def test_one_of_several_is_asked_for_beside_the_first() -> None:
    form = filled(HOUSE, {**GOOD, "needs_download": "", "needs_inference": ""})
    assert form.errors == {"needs_download": ["Choose at least one: downloading the weights or running them here."]}
    for one in ("needs_download", "needs_inference"):
        other = {"needs_download", "needs_inference"} - {one}
        assert filled(HOUSE, {**GOOD, **dict.fromkeys(other, "")}).is_valid()


def test_the_condition_is_said_beside_the_label_with_or_without_words_of_its_own() -> None:
    supervisor, ethics = HOUSE.question("supervisor_name"), HOUSE.question("ethics_file")
    assert supervisor is not None
    assert ethics is not None
    assert in_words(HOUSE, supervisor) == "if you are a student"
    assert in_words(HOUSE, ethics) == "if you answered yes, optional"
    last = list(CHAIN.questions())[1:]
    assert [in_words(CHAIN, one) for one in last] == ["if “A” is “Yes”, optional", "if you answered “B”"]


def test_changes_that_were_asked_for_leave_the_other_answers_alone() -> None:
    form = build_form(HOUSE, data={"sharing": "Only a paper."}, initial=GOOD, sizes=SIZES, only=["sharing"])
    assert list(form.fields) == ["sharing"]
    assert form.answers() == {**form.answers(), **GOOD, "sharing": "Only a paper."}


def test_a_form_for_changes_takes_nothing_else() -> None:
    sent = {"sharing": "Only a paper.", "purpose": "Something quite different.", "position": "society"}
    form = build_form(HOUSE, data=sent, initial=GOOD, sizes=SIZES, only=["sharing"])
    assert form.answers()["purpose"] == GOOD["purpose"]
    assert form.answers()["position"] == "student"


def test_a_change_brings_up_what_hangs_on_it_and_drops_what_hung_on_the_old_answer() -> None:
    assert with_dependents(HOUSE, ["human_data"]) == {"human_data", "ethics", "ethics_file"}
    form = build_form(HOUSE, data={"position": "industry"}, initial=GOOD, sizes=SIZES, only=["position"])
    assert set(form.errors) == {"commercial_separation"}
    moved = build_form(HOUSE, data={"position": "postdoc"}, initial=GOOD, sizes=SIZES, only=["position"])
    assert "supervisor_name" not in moved.answers()
