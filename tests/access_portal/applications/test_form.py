"""The questions: which answers are taken, which come back, and what is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from access_portal.applications.forms import ApplicationForm
from release.models import Family
from tests.access_portal.applications.posting import filled_in
from tests.access_portal.applications.scenes import ANSWERS, make_open_family

pytestmark = pytest.mark.django_db


@pytest.fixture
def family() -> Family:
    return make_open_family()


def filled(family: Family, **changes: Any) -> ApplicationForm:
    data = QueryDict(mutable=True)
    for name, value in filled_in(family, **changes).items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return ApplicationForm(data, family=family, licence=family.weights_licence.versions.latest("published_at"))


def test_good_answers_are_kept_as_they_are(family: Family) -> None:
    form = filled(family)
    assert form.is_valid(), form.errors
    assert form.answers() == ANSWERS


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("institution", ""),
        ("institution", "x" * 201),
        ("institution", "Uni\x00versity"),
        ("country", ""),
        ("position", "king"),
        ("orcid", "0000-0002-1825-0098"),
        ("web_page", "javascript:alert(1)"),
        ("web_page", "https://" + "x" * 300 + ".example"),
        ("sizes", []),
        ("sizes", ["1m", "65b"]),
        ("purpose", "Too short."),
        ("purpose", " " * 200),
        ("purpose", "x" * 4001),
        ("purpose", "x" * 200 + "\x00"),
        ("sharing", ""),
        ("human_data", ""),
        ("human_data", "perhaps"),
        ("estimated_tokens", "0"),
        ("estimated_tokens", "-5"),
        ("estimated_tokens", "many"),
        ("estimated_tokens", "9" * 400),
        ("estimated_tokens", ""),
        ("licence_version", "one"),
        ("licence_sha256", ""),
        ("agree", ""),
    ],
)
def test_an_answer_that_cannot_be_used_comes_back(field: str, value: Any, family: Family) -> None:
    assert list(filled(family, **{field: value}).errors) == [field]


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        ({"position": "student"}, ["supervisor_name", "supervisor_email"]),
        ({"position": "student", "supervisor_name": "Bo", "supervisor_email": "bo"}, ["supervisor_email"]),
        ({"human_data": "yes"}, ["ethics"]),
        ({"needs_inference": "", "needs_download": ""}, ["needs_download"]),
    ],
)
def test_some_answers_lead_to_another_question(answer: dict[str, Any], asked: list[str], family: Family) -> None:
    assert sorted(filled(family, **answer).errors) == sorted(asked)


@pytest.mark.parametrize(
    ("answer", "dropped"),
    [
        (
            {"supervisor_name": "Bo", "supervisor_email": "bo@uni.example"},
            {"supervisor_name": "", "supervisor_email": ""},
        ),
        ({"supervisor_email": "not an address"}, {"supervisor_email": ""}),
        ({"ethics": "Board 7 said yes."}, {"ethics": ""}),
        ({"needs_inference": "", "estimated_tokens": "many"}, {"estimated_tokens": None}),
    ],
)
def test_answers_to_questions_that_were_not_asked_are_dropped(
    answer: dict[str, Any], dropped: dict[str, Any], family: Family
) -> None:
    form = filled(family, **answer)
    assert form.is_valid(), form.errors
    assert {name: form.answers()[name] for name in dropped} == dropped


def test_an_orcid_is_kept_in_its_usual_form(family: Family) -> None:
    form = filled(family, orcid="https://orcid.org/000000021694233x")
    assert form.is_valid(), form.errors
    assert form.answers()["orcid"] == "0000-0002-1694-233X"


def test_every_question_says_why_it_is_asked() -> None:
    assert [name for name, field in ApplicationForm.base_fields.items() if not field.help_text] == [
        "licence_version",
        "licence_sha256",
    ]
