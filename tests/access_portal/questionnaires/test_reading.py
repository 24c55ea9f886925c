"""Answers as people read them, and what changed between two rounds."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from access_portal.questionnaires.house import house_definition
from access_portal.questionnaires.parsing import parse
from access_portal.questionnaires.reading import Piece, answered, differences, pieces_of
from tests.access_portal.questionnaires.sheets import GOOD, SIZES, question, sheet

HOUSE = parse(house_definition())


@pytest.mark.parametrize(
    ("name", "value", "text", "link"),
    [
        ("institution", "Example University", "Example University", ""),
        ("position", "student", "Student, doctoral students included", ""),
        ("position", "astronaut", "astronaut", ""),
        ("human_data", "yes", "Yes", ""),
        ("needs_download", True, "Yes", ""),
        ("estimated_tokens", 250_000, "250,000", ""),
        ("estimated_tokens", "a few", "a few", ""),
        ("sizes", ["7b", "gone"], "7B, gone", ""),
        ("orcid", "0000-0002-1825-0097", "0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097"),
        ("web_page", "https://uni.example", "https://uni.example", "https://uni.example"),
        ("web_page", "javascript:alert(1)", "javascript:alert(1)", ""),
        ("plan_file", {"name": "cv.pdf", "size": 2_048}, "cv.pdf (2.0\xa0KB)", ""),
        ("plan_file", {}, None, ""),
        ("purpose", "", None, ""),
        ("needs_inference", False, None, ""),
    ],
)
def test_an_answer_reads_as_people_say_it(name: str, value: Any, text: str | None, link: str) -> None:
    found = answered(HOUSE, {name: value}, SIZES)
    assert [(one.name, one.text, one.link) for one in found] == ([] if text is None else [(name, text, link)])


def test_answers_come_in_the_order_of_the_form_under_their_sections() -> None:
    found = answered(HOUSE, dict(reversed(GOOD.items())), SIZES)
    assert [one.name for one in found] == [q.name for q in HOUSE.questions() if q.name in GOOD]
    assert (found[0].section, found[0].section_title) == ("you", "You and your institution")
    assert {one.name for one in found if one.long} == {"publications", "co_members", "purpose", "sharing", "ethics"}


def test_labels_and_choices_are_in_the_language_of_the_reader() -> None:
    with translation.override("ms"):
        found = {one.name: one for one in answered(HOUSE, {"position": "student", "country": "Malaysia"})}
    assert found["country"].label == "Negara"
    assert found["position"].text == "Pelajar, termasuk pelajar kedoktoran"


def test_only_what_is_answered_differently_is_a_change() -> None:
    after = {**GOOD, "country": "Norway", "estimated_tokens": 5, "orcid": "", "ethics": "The board did, twice."}
    changes = differences(HOUSE, {**GOOD, "referee_name": ""}, after, SIZES)
    assert [(one.name, one.before, one.after) for one in changes[:2]] == [
        ("country", "Malaysia", "Norway"),
        ("orcid", "0000-0002-1825-0097", ""),
    ]
    assert [one.name for one in changes] == ["country", "orcid", "ethics", "estimated_tokens"]
    assert [bool(one.pieces) for one in changes] == [False, False, True, False]


def test_a_long_text_is_compared_word_by_word() -> None:
    assert list(pieces_of("We share the code.", "We share all the code.")) == [
        Piece("kept", "We share"),
        Piece("added", " all"),
        Piece("kept", " the code."),
    ]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_both_texts_can_be_read_out_of_the_pieces(before: str, after: str) -> None:
    pieces = list(pieces_of(before, after))
    assert "".join(piece.text for piece in pieces if piece.change != "added") == before
    assert "".join(piece.text for piece in pieces if piece.change != "removed") == after


def test_pieces_are_text_and_are_escaped_on_a_page() -> None:
    long = sheet(question("long_text"))
    (change,) = differences(long, {"q": "plain"}, {"q": "<script>alert(1)</script>"})
    page = Template("{% for piece in change.pieces %}{{ piece.text }}{% endfor %}").render(Context({"change": change}))
    assert "<script" not in page
    assert "&lt;" in page
