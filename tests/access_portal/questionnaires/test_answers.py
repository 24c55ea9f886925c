"""Each kind of question takes what it asks for and refuses the rest in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from access_portal.questionnaires.building import build_form
from access_portal.questionnaires.house import house_definition
from access_portal.questionnaires.parsing import parse
from tests.access_portal.questionnaires.sheets import GOOD, SIZES, filled, question, sheet

TAKEN: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("text", {}, "  Ada  ", "Ada"),
    ("text", {}, "Ada\r\nLovelace\tK", "Ada Lovelace K"),
    ("text", {}, "a\0b\x1b[0m", "ab[0m"),
    ("text", {}, "evil\u202egpj.exe\u2066", "evilgpj.exe"),
    ("text", {}, "e\u0301", "é"),
    ("text", {}, "half \ud800 a pair", "half  a pair"),
    ("text", {"max_characters": 3}, "äöü", "äöü"),
    ("long_text", {}, "one\r\n\r\ntwo\tx\x00", "one\n\ntwo\tx"),
    ("long_text", {"max_words": 2}, "two words — !", "two words — !"),
    ("long_text", {"min_words": 3}, "三つの", "三つの"),
    ("choice", {}, "tea", "tea"),
    ("choice", {}, "", ""),
    ("choices", {}, ["rum", "tea", "rum"], ["tea", "rum"]),
    ("choices", {}, [], []),
    ("yes_no", {}, "no", "no"),
    ("email", {}, " ada@uni.example\n", "ada@uni.example"),
    ("url", {}, "uni.example/ada", "https://uni.example/ada"),
    ("url", {}, "http://uni.example", "http://uni.example"),
    ("integer", {}, "2,000,000", 2_000_000),
    ("integer", {}, "2 000 000", 2_000_000),
    ("integer", {}, 7, 7),
    ("integer", {"min_number": -3}, "-3", -3),
    ("integer", {}, "0", 0),
    ("checkbox", {}, "on", True),
    ("checkbox", {}, "", False),
    ("orcid", {}, "https://orcid.org/0000000218250097", "0000-0002-1825-0097"),
    ("country", {}, "Somewhere Else", "Somewhere Else"),
    ("sizes", {}, ["7b"], ["7b"]),
]
REFUSED: list[tuple[str, dict[str, Any], Any, str]] = [
    ("text", {"required": True}, " \t ", "missing"),
    ("text", {"required": True, "missing": {"en": "Who are you?"}}, "", "Who are you?"),
    ("text", {}, "x" * 201, "201 characters; at most 200"),
    ("text", {"min_characters": 3}, "ab", "At least 3"),
    ("text", {}, ["a"], "A text is expected"),
    ("text", {}, {"a": {"b": []}}, "A text is expected"),
    ("text", {}, 5, "A text is expected"),
    ("long_text", {"max_words": 2}, "one two three", "3 words; at most 2"),
    ("long_text", {"min_words": 3}, "one two — ! …", "Words so far: 2. At least 3"),
    ("long_text", {}, "x" * 4_001, "4,001 characters; at most 4,000"),
    ("choice", {}, "<script>", "Choose from the answers"),
    ("choice", {"required": True}, ["tea"], "missing"),
    ("choices", {}, ["tea", "poison"], "Choose from the answers"),
    ("choices", {}, [["tea"]], "Choose from the answers"),
    ("choices", {}, "tea", "Choose from the answers"),
    ("choices", {}, ["tea"] * 101, "Choose from the answers"),
    ("choices", {"required": True}, [], "missing"),
    ("yes_no", {}, "perhaps", "Choose from the answers"),
    ("email", {}, "ada@", "not an e-mail address"),
    ("email", {}, "ada@uni.example, eve@uni.example", "not an e-mail address"),
    ("email", {}, "a" * 250 + "@uni.example", "at most 254"),
    ("url", {}, "javascript:alert(1)", "not the address"),
    ("url", {}, "ftp://uni.example", "not the address"),
    ("url", {}, "https://[", "not the address"),
    ("integer", {}, "about a million", "whole number in digits"),
    ("integer", {}, "1.5", "whole number in digits"),
    ("integer", {}, "1,5", "whole number in digits"),
    ("integer", {}, "٣", "whole number in digits"),
    ("integer", {}, True, "A text is expected"),
    ("integer", {}, 10**5_000, "A number from"),
    ("integer", {}, "9" * 5_000, "at most 30"),
    ("integer", {"max_number": 10}, "11", "to 10"),
    ("integer", {"min_number": 1}, "0", "from 1"),
    ("checkbox", {"required": True}, "", "missing"),
    ("orcid", {}, "0000-0002-1825-0098", "last character"),
    ("country", {}, "x" * 81, "at most 80"),
    ("sizes", {}, ["70b"], "Choose from the answers"),
]


def _names(cases: list[tuple[str, dict[str, Any], Any, Any]]) -> list[str]:
    return [f"{kind}-{n}" for n, (kind, *_rest) in enumerate(cases)]


@pytest.mark.parametrize(("kind", "rules", "value", "kept"), TAKEN, ids=_names(TAKEN))
def test_a_good_answer_is_kept_in_its_usual_form(kind: str, rules: dict[str, Any], value: Any, kept: Any) -> None:
    form = filled(sheet(question(kind, **rules)), {"q": value})
    assert form.is_valid(), form.errors
    assert form.answers() == {"q": kept}


@pytest.mark.parametrize(("kind", "rules", "value", "words"), REFUSED, ids=_names(REFUSED))
def test_a_bad_answer_is_refused_in_words(kind: str, rules: dict[str, Any], value: Any, words: str) -> None:
    form = filled(sheet(question(kind, **rules)), {"q": value})
    assert not form.is_valid()
    assert words in form.errors["q"][0]
    assert "script" not in str(form.errors["q"])  # nothing of what was sent is repeated


@pytest.mark.parametrize(
    "kind", ["text", "long_text", "email", "url", "integer", "orcid", "country", "choice", "choices"]
)
def test_five_megabytes_in_a_field_are_refused_in_words(kind: str) -> None:
    form = filled(sheet(question(kind)), {"q": "x" * 5_000_000})
    assert not form.is_valid()
    assert len(str(form.errors["q"])) < 300


def test_the_house_form_takes_a_full_set_of_answers_and_gives_it_back() -> None:
    form = filled(parse(house_definition()), GOOD)
    assert form.is_valid(), form.errors
    answers = form.answers()
    assert {name: answers[name] for name in GOOD} == GOOD
    assert filled(parse(house_definition()), answers).answers() == answers


def test_the_house_form_sent_empty_says_everything_that_everybody_must_answer() -> None:
    form = filled(parse(house_definition()), {})
    needed = "institution country position purpose sharing human_data sizes needs_download"
    assert set(form.errors) == set(needed.split())


def test_answers_of_a_form_that_is_not_valid_are_not_given_out() -> None:
    with pytest.raises(ValueError, match="not valid"):
        filled(sheet(question(required=True)), {}).answers()


def test_an_only_size_is_chosen_beforehand() -> None:
    from_page = filled(sheet(question("sizes")), None)
    assert from_page["q"].value() is None
    single = build_form(sheet(question("sizes")), sizes=SIZES[:1])
    assert single["q"].value() == ["1m"]


def test_a_browser_and_a_program_say_the_same_thing() -> None:
    form = filled(sheet(question("sizes"), question("checkbox", "box")), QueryDict("q=7b&q=1m&box=on"))
    assert form.answers() == {"q": ["1m", "7b"], "box": True}


def test_what_a_definition_says_is_shown_as_text_and_never_as_html() -> None:
    hostile = {"en": "<script>alert(1)</script>"}
    form = filled(sheet({**question(), "label": hostile, "help": hostile}), None)
    assert "<script" not in str(form["q"].label_tag())
    assert "<script" not in str(form.fields["q"].help_text)
