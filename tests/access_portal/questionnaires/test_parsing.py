"""A definition is read whole or refused, and the refusal names the place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from access_portal.errors import InvalidError
from access_portal.questionnaires.canonical import canonical, fingerprint, readable
from access_portal.questionnaires.definition import Condition, Kind
from access_portal.questionnaires.house import house_definition
from access_portal.questionnaires.parsing import parse, parse_json
from tests.access_portal.questionnaires.sheets import document, question

YES = {"q0": ["yes"]}
ASKED = question("yes_no", "q0")
AT = "sections[0].questions[0]"
NEXT = "sections[0].questions[1]"

REFUSED: list[tuple[str, Any, str]] = [
    ("not an object", [], "definition"),
    ("no sections", {}, "sections"),
    ("unknown key", document(question(), colour="red"), "colour"),
    ("no section", {"sections": []}, "sections"),
    ("sections not a list", {"sections": {"a": 1}}, "sections"),
    ("section not an object", {"sections": ["x"]}, "sections[0]"),
    ("no question", document(), "sections[0].questions"),
    ("question not an object", document("hello"), AT),  # type: ignore[arg-type]
    ("too many questions", document(*[question(name=f"q{n}") for n in range(101)]), "sections[0].questions"),
    ("unknown kind", document(question("poem")), f"{AT}.kind"),
    ("kind a list", document({**question(), "kind": []}), f"{AT}.kind"),
    ("unknown key of a question", document(question(shape="round")), f"{AT}.shape"),
    ("key of another kind", document(question("yes_no", max_words=3)), f"{AT}.max_words"),
    ("no label", document({"name": "q", "kind": "text"}), f"{AT}.label"),
    ("label a string", document({**question(), "label": "Name"}), f"{AT}.label"),
    ("label without English", document({**question(), "label": {"ms": "Nama"}}), f"{AT}.label.en"),
    ("label in another language", document({**question(), "label": {"en": "x", "fr": "y"}}), f"{AT}.label.fr"),
    ("empty label", document({**question(), "label": {"en": "  "}}), f"{AT}.label.en"),
    ("long label", document({**question(), "label": {"en": "x" * 301}}), f"{AT}.label.en"),
    ("NUL in a label", document({**question(), "label": {"en": "a\0b"}}), f"{AT}.label.en"),
    ("half a character", document({**question(), "label": {"en": "a\ud800"}}), f"{AT}.label.en"),
    ("name with capitals", document(question(name="Name")), f"{AT}.name"),
    ("name that the page uses", document(question(name="submit")), f"{AT}.name"),
    ("name of a token", document(question(name="csrfmiddlewaretoken")), f"{AT}.name"),
    ("two of one name", document(question(), question()), f"{NEXT}.name"),
    ("required not a boolean", document(question(required="yes")), f"{AT}.required"),
    ("limit a float", document(question(max_words=1.5)), f"{AT}.max_words"),
    ("limit a boolean", document(question(max_words=True)), f"{AT}.max_words"),
    ("limit zero", document(question(max_words=0)), f"{AT}.max_words"),
    ("limit above the house's", document(question(max_characters=1_001)), f"{AT}.max_characters"),
    ("least above most", document(question(min_words=9, max_words=8)), f"{AT}.min_words"),
    ("numbers the wrong way", document(question("integer", min_number=2, max_number=1)), f"{AT}.min_number"),
    ("one choice", document(question("choice", choices=[{"value": "a", "label": {"en": "A"}}])), f"{AT}.choices"),
    ("choices missing", document({"name": "q", "kind": "choice", "label": {"en": "Q"}}), f"{AT}.choices"),
    ("choice twice", document(question("choice", choices=[{"value": "a", "label": {"en": "A"}}] * 2)),
     f"{AT}.choices[1].value"),
    ("file without types", document({"name": "q", "kind": "file", "label": {"en": "Q"}, "max_bytes": 9}),
     f"{AT}.types"),
    ("file of unknown type", document(question("file", types=["exe"])), f"{AT}.types[0]"),
    ("file type a list", document(question("file", types=[[]])), f"{AT}.types[0]"),
    ("file too large", document(question("file", max_bytes=10**9)), f"{AT}.max_bytes"),
    ("unknown autocomplete", document(question(autocomplete="cc-number")), f"{AT}.autocomplete"),
    ("autocomplete a list", document(question(autocomplete=[])), f"{AT}.autocomplete"),
    ("condition on itself", document(question(when={"q": "answered"})), f"{AT}.when.q"),
    ("condition on a later question", document(question(when=YES), ASKED), f"{AT}.when.q0"),
    ("a circle", document(question(name="a", when={"b": "answered"}), question(name="b", when={"a": "answered"})),
     f"{AT}.when.b"),
    ("condition on nothing", document(question(when={})), f"{AT}.when"),
    ("condition a list", document(question(when=["q0"])), f"{AT}.when"),
    ("condition with another value", document(ASKED, question(when={"q0": ["maybe"]})), f"{NEXT}.when.q0[0]"),
    ("condition with no value", document(ASKED, question(when={"q0": []})), f"{NEXT}.when.q0"),
    ("condition with a word", document(ASKED, question(when={"q0": "yes"})), f"{NEXT}.when.q0"),
    ("condition on the text of an answer", document(question(name="q0"), question(when={"q0": ["x"]})),
     f"{NEXT}.when.q0"),
    ("words without a condition", document(question(when_text={"en": "if"})), f"{AT}.when_text"),
    ("rule on an unknown question", document(question(), at_least_one=[{"of": ["q", "x"], "message": {"en": "m"}}]),
     "at_least_one[0].of[1]"),
    ("rule on one question", document(question(), at_least_one=[{"of": ["q"], "message": {"en": "m"}}]),
     "at_least_one[0].of"),
    ("check without a text", document(question(), checklist=[{"id": "a"}]), "checklist[0].text"),
    ("check twice", document(question(), checklist=[{"id": "a", "text": {"en": "A"}}] * 2), "checklist[1].id"),
    ("section twice", {"sections": document(question())["sections"] + document(question(name="r"))["sections"]},
     "sections[1].id"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "path"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_used_is_refused_at_its_place(data: Any, path: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        parse(data)
    assert (refusal.value.code, refusal.value.field) == ("form_definition", path)
    assert path in refusal.value.explanation or path == "definition"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"sections": NaN}', "not a number"),
        ('{"sections": [], "sections": []}', "twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"sections": ' + "1" * 10_000 + "}", "not JSON"),
        (" " * 400_001, "at most"),
    ],
)
def test_hostile_json_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        parse_json(text)


def test_the_house_form_asks_what_was_always_asked_in_both_languages() -> None:
    definition = parse(house_definition())
    names = [question.name for question in definition.questions()]
    old = (
        "institution country position supervisor_name supervisor_email orcid web_page sizes purpose sharing human_data"
    )
    assert set(old.split()) | {"ethics", "needs_download", "needs_inference", "estimated_tokens"} <= set(names)
    assert all(question.label.ms and question.why for question in definition.questions())
    assert len(definition.checklist) == 5


def test_a_question_keeps_all_that_was_said_of_it() -> None:
    asked = parse(document(ASKED, question("long_text", min_words=3, max_words=9, when=YES, required=True)))
    second = list(asked.questions())[1]
    assert (second.kind, second.min_words, second.max_words, second.required) == (Kind.LONG_TEXT, 3, 9, True)
    assert second.when == (Condition("q0", frozenset({"yes"})),)
    assert second.max_characters == 4_000  # what holds when nothing is said


def test_the_fingerprint_does_not_depend_on_the_order_of_keys_but_on_every_word() -> None:
    first, turned = {"a": 1, "b": "é"}, {"b": "é", "a": 1}
    assert canonical(first) == canonical(turned) == '{"a":1,"b":"é"}'
    assert fingerprint(first) == fingerprint(turned) != fingerprint({"a": 1, "b": "e"})


def test_the_readable_spelling_is_the_same_definition() -> None:
    house = house_definition()
    shuffled = json.loads(json.dumps(house, sort_keys=True))
    assert json.loads(readable(shuffled)) == house
    assert readable(shuffled) == readable(house)
