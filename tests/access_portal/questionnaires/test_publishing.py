"""Forms are published once and never change; who is asked what follows from the newest."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from access_portal.accounts.models import Role
from access_portal.audit.models import Event
from access_portal.errors import InvalidError, PermissionRefusedError
from access_portal.questionnaires.canonical import fingerprint, readable
from access_portal.questionnaires.commands import publish_form
from access_portal.questionnaires.house import house_definition, make_house_form
from access_portal.questionnaires.models import FormVersion
from access_portal.questionnaires.queries import all_lines, current_form
from tests.access_portal.questionnaires.sheets import document, question
from tests.factories import make_family, make_user
from tests.races import at_once

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIRST, SECOND = document(question(name="first")), document(question(name="second"))


def publish(definition: dict[str, Any], family: Any = None, actor: Any = None) -> FormVersion:
    return publish_form(family=family, definition=definition, actor=actor, now=NOW)


def test_there_is_a_house_form_from_the_start_and_only_one() -> None:
    make_house_form(using="default")
    version = FormVersion.objects.get()
    assert (version.family, version.number, version.published_by) == (None, 1, None)
    assert version.sha256 == fingerprint(version.definition) == fingerprint(house_definition())


def test_a_family_asks_its_newest_form_and_otherwise_the_newest_of_the_house() -> None:
    family, other = make_family("toy"), make_family("quill")
    house = publish(FIRST)
    assert current_form(family.pk) == house
    publish(FIRST, family)
    own = publish(SECOND, family)
    assert (own.number, current_form(family.pk), current_form(other.pk)) == (2, own, house)


def test_the_same_definition_again_makes_no_version_but_an_older_one_does() -> None:
    first, second = publish(FIRST), publish(SECOND)
    assert publish(dict(reversed(SECOND.items()))) == second
    again = publish(FIRST)
    assert (first.number, second.number, again.number) == (2, 3, 4)
    assert again.sha256 == first.sha256


def test_publishing_is_on_record_with_its_fingerprint() -> None:
    admin = make_user("ida", Role.ADMIN)
    version = publish(FIRST, make_family("toy"), admin)
    event = Event.objects.get(subject="form:toy")
    assert (event.name, event.actor, event.data) == ("form_published", admin, {"number": 1, "sha256": version.sha256})


@pytest.mark.parametrize("role", [None, *(role for role in Role if role != Role.ADMIN)])
def test_nobody_but_an_office_administrator_publishes(role: Role | None) -> None:
    actor = make_user("mallory", *([role] if role else []))
    with pytest.raises(PermissionRefusedError):
        publish(FIRST, actor=actor)
    assert FormVersion.objects.count() == 1


def test_a_definition_that_cannot_be_used_is_not_published() -> None:
    with pytest.raises(InvalidError, match="sections"):
        publish({"sections": []})
    assert FormVersion.objects.count() == 1


@pytest.mark.parametrize("statement", ["UPDATE {} SET number = 9", "DELETE FROM {}"])
def test_the_database_keeps_every_version_as_it_is(statement: str) -> None:
    publish(FIRST)
    before = list(FormVersion.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("questionnaires_formversion"))
    assert list(FormVersion.objects.values()) == before


@pytest.mark.parametrize("family", [None, "toy"])
def test_a_number_is_given_once(family: str | None) -> None:
    row = {"family": make_family(family) if family else None, "definition": FIRST, "sha256": "0" * 64}
    FormVersion.objects.create(number=5, **row)
    with pytest.raises(DatabaseError), transaction.atomic():
        FormVersion.objects.create(number=5, **row)


def test_old_versions_stay_readable_with_their_questions() -> None:
    first = publish(FIRST)
    publish(SECOND)
    first.refresh_from_db()
    assert [question.name for question in first.parsed().questions()] == ["first"]


@pytest.mark.django_db(transaction=True)
def test_two_who_publish_at_once_get_a_number_each() -> None:
    family = make_family("toy")
    outcomes = at_once(*[lambda n=n: publish(document(question(name=f"q{n}")), family) for n in range(4)])
    assert outcomes == ["ok"] * 4
    assert sorted(FormVersion.objects.filter(family=family).values_list("number", flat=True)) == [1, 2, 3, 4]


@pytest.mark.django_db(transaction=True)
def test_two_who_publish_the_same_house_form_at_once_make_one_version() -> None:
    assert at_once(*[lambda: publish(FIRST)] * 3) == ["ok"] * 3
    assert FormVersion.objects.count() == 2


def test_all_forms_are_read_with_two_queries(django_assert_num_queries: Any) -> None:
    for number in range(4):
        publish(
            document(question(name=f"q{number}")),
            make_family(f"family-{number}"),
            make_user(f"ida{number}", Role.ADMIN),
        )
    with django_assert_num_queries(2):
        lines = all_lines()
        assert [str(version.published_by) for version in lines[1].versions] == ["Ida0 Example"]
    assert [(line.slug, len(line.versions)) for line in lines[:2]] == [("", 1), ("family-0", 1)]


def run(*words: str) -> str:
    out = StringIO()
    call_command("forms", *words, stdout=out)
    return out.getvalue()


def test_the_operator_lists_shows_checks_and_publishes(tmp_path: Path) -> None:
    make_family("toy")
    file = tmp_path / "form.json"
    file.write_text(readable(FIRST))
    assert "Sound: 1 questions" in run("check", str(file))
    assert "Published as version 1 of the form of toy" in run("publish", "toy", str(file))
    assert "Nothing changed" in run("publish", "toy", str(file))
    assert run("show", "toy") == readable(FIRST)
    assert run("show", "house") == readable(house_definition())
    assert "Published as version 2 of the form of house" in run("publish", str(file))
    assert [line for line in run("list").splitlines() if not line.startswith(" ")] == ["house", "toy"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["publish", "nowhere", "FORM"], "no model family"),
        (["show", "nowhere"], "no model family"),
        (["check", "/nowhere/at/all.json"], "cannot be read"),
        (["check", "BROKEN"], "not JSON"),
        (["publish", "BROKEN"], "not JSON"),
    ],
)
def test_the_operator_hears_in_words_what_is_wrong(tmp_path: Path, words: list[str], said: str) -> None:
    files = {"FORM": readable(FIRST), "BROKEN": "{"}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(CommandError, match=said):
        run(*[str(tmp_path / word) if word in files else word for word in words])
