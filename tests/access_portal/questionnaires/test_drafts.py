"""A draft may be unfinished and wrong, but it must not lose a word."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from access_portal.questionnaires import limits
from access_portal.questionnaires.house import house_definition
from access_portal.questionnaires.parsing import parse
from access_portal.questionnaires.texts import tidy_line, tidy_text
from tests.access_portal.questionnaires.sheets import filled, question, sheet

HOUSE = parse(house_definition())
ONE_LINE = ["text", "email", "url", "integer", "orcid", "country"]
TYPED = sheet(
    *[question(kind, kind, required=True) for kind in ONE_LINE],
    question("long_text", "long_text", min_words=50, max_words=60, required=True),
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([*ONE_LINE, "long_text"]), st.text(max_size=300)))
def test_a_draft_never_loses_what_was_typed(typed: dict[str, str]) -> None:
    form = filled(TYPED, typed, partial=True)
    kept = form.answers()
    for name, text in typed.items():
        tidied = tidy_text(text) if name == "long_text" else tidy_line(text)
        given_its_usual_form = name in {"url", "integer", "orcid"} and name not in form.errors
        assert kept.get(name, "") == tidied or (given_its_usual_form and tidied != "")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400))
def test_tidying_twice_is_tidying_once(text: str) -> None:
    for tidy in (tidy_line, tidy_text):
        assert tidy(tidy(text)) == tidy(text)
    assert not set(tidy_line(text)) & set("\n\r\0\u202e\u2066")


def _answers() -> st.SearchStrategy[dict[str, Any]]:
    line = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=60)
    words = st.lists(line, min_size=20, max_size=40).map(" ".join)
    return st.fixed_dictionaries(
        {
            "institution": line,
            "country": line,
            "position": st.sampled_from(["postdoc", "faculty", "society"]),
            "purpose": words.map(lambda text: ("word " * 20 + text)[:4_000]),
            "sharing": line.map(lambda text: "We share it: " + text),
            "human_data": st.just("no"),
            "sizes": st.lists(st.sampled_from(["1m", "7b"]), min_size=1, max_size=5),
            "needs_inference": st.just(True),
            "estimated_tokens": st.integers(1, 10**12).map(lambda number: f"{number:,}"),
        }
    )


@settings(max_examples=60, deadline=None)
@given(_answers())
def test_answers_of_a_valid_form_are_the_same_when_they_are_sent_again(sent: dict[str, Any]) -> None:
    form = filled(HOUSE, sent)
    assert form.is_valid(), form.errors
    answers = form.answers()
    again = filled(HOUSE, answers)
    assert again.is_valid(), again.errors
    assert again.answers() == answers
    assert filled(HOUSE, answers, partial=True).answers() == answers


def test_nothing_is_missing_in_a_draft() -> None:
    form = filled(HOUSE, {}, partial=True)
    assert form.is_valid(), form.errors
    assert form.answers() == {}


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("estimated_tokens", "a few million"),
        ("orcid", "0000-0002"),
        ("web_page", "https://"),
        ("supervisor_email", "grace@"),
        ("country", "x" * 500),
        ("purpose", "Word " * 2_000 + "end"),
    ],
)
def test_what_cannot_be_used_yet_is_kept_as_typed_and_told(name: str, typed: str) -> None:
    sent = {"position": "student", "needs_inference": True, name: typed}
    form = filled(HOUSE, sent, partial=True)
    assert form.answers()[name] == typed
    assert name in form.errors
    assert form[name].value() == typed


def test_a_text_beyond_all_limits_leaves_what_was_kept_before() -> None:
    form = filled(
        HOUSE, {"purpose": "x" * (limits.LONG_TEXT_CHARACTERS + 1)}, partial=True, initial={"purpose": "Old."}
    )
    assert form.answers() == {"purpose": "Old."}
    assert "at most 4,000" in form.errors["purpose"][0]


def test_a_draft_keeps_answers_that_are_not_asked_now() -> None:
    form = filled(HOUSE, {"position": "faculty", "supervisor_name": "Grace"}, partial=True)
    assert form.answers() == {"position": "faculty", "supervisor_name": "Grace"}


def test_a_program_changes_only_what_it_sends() -> None:
    form = filled(HOUSE, {"sharing": "Papers."}, partial=True, initial={"purpose": "Old.", "needs_download": True})
    assert form.answers() == {"purpose": "Old.", "sharing": "Papers.", "needs_download": True}


def test_a_browser_empties_what_it_sends_empty_and_unticks_what_it_does_not_send() -> None:
    before = {"purpose": "Old.", "needs_download": True, "sizes": ["1m"], "human_data": "yes"}
    form = filled(HOUSE, QueryDict("purpose="), partial=True, initial=before)
    assert form.answers() == {"purpose": "", "needs_download": False, "needs_inference": False, "sizes": [],
                              "human_data": "yes"}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "before", "sent"),
    [("choice", "tea", "poison"), ("yes_no", "no", "maybe"), ("choices", ["tea"], ["poison"]), ("sizes", ["1m"], "7b")],
)
def test_an_unknown_choice_is_not_words_and_leaves_the_earlier_one(kind: str, before: Any, sent: Any) -> None:
    form = filled(sheet(question(kind)), {"q": sent}, partial=True, initial={"q": before})
    assert form.answers() == {"q": before}
    assert "q" in form.errors
