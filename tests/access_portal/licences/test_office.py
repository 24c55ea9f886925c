"""The office publishes a text that it has looked at: written or uploaded, previewed, then out for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.audit.models import Event
from access_portal.errors import InvalidError, PermissionRefusedError
from access_portal.licences.commands import publish_version, sha256_of
from access_portal.licences.models import Licence, LicenceVersion
from access_portal.licences.soundness import LONGEST_TEXT
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_acceptance, make_licence_version, make_user

pytestmark = pytest.mark.django_db
TEXT = "# Licence\n\nBe **better**.\n"
SOON = (timezone.now() + timedelta(days=30)).date()
FORM: dict[str, Any] = {
    "number": "2.0", "language": "en", "text": TEXT, "summary": " Be better. \n\nReally.", "reconsent_by": "",
}  # fmt: skip


@pytest.fixture
def version() -> LicenceVersion:
    return make_licence_version(Licence.objects.create(slug="research", title="Research licence"))


@pytest.fixture
def office(client: Client, version: LicenceVersion) -> Client:
    client.force_login(make_staff("olga", Role.ADMIN))
    return client


def post(client: Client, do: str = "preview", **changes: Any) -> Any:
    return client.post("/office/licences/research/publish/", {**FORM, "do": do, **changes})


def publish(client: Client, **changes: Any) -> Any:
    """As somebody who has looked at the text first."""
    text = changes.get("text", TEXT)
    return post(client, "publish", **{"previewed": sha256_of(text.replace("\r\n", "\n")), **changes})


def test_looking_publishes_nothing_and_shows_text_hash_and_difference(office: Client) -> None:
    page = post(office).content.decode()
    assert "<strong>better</strong>" in page
    assert sha256_of(TEXT) in page
    assert "<ins>" in page
    assert "<del>" in page
    assert "Publish it for good" in page
    assert LicenceVersion.objects.count() == 1


def test_what_was_looked_at_is_published_with_all_that_was_said(office: Client) -> None:
    answer = publish(office, reconsent_by=SOON.isoformat())
    made = LicenceVersion.objects.get(number="2.0")
    assert answer.headers["Location"] == f"/licences/{made.pk}/"
    assert (made.text, made.sha256, made.summary) == (TEXT, sha256_of(TEXT), ["Be better.", "Really."])
    assert made.reconsent_by == datetime(SOON.year, SOON.month, SOON.day, 23, 59, tzinfo=UTC)
    event = Event.objects.get(subject="licence:research", name="licence_published")
    assert event.actor == User.objects.get(username="olga")


def test_a_text_that_changed_after_the_look_is_shown_again_and_not_published(office: Client) -> None:
    page = publish(office, previewed=sha256_of("Another text.")).content.decode()
    assert "Nothing was published" in page
    assert LicenceVersion.objects.count() == 1


def test_the_line_ends_of_a_browser_are_not_part_of_the_text(office: Client) -> None:
    publish(office, text=TEXT.replace("\n", "\r\n"))
    assert LicenceVersion.objects.get(number="2.0").text == TEXT


def test_a_file_takes_the_place_of_the_field_and_survives_the_look(office: Client) -> None:
    file = SimpleUploadedFile("licence.md", "\ufeffFrom a file: naïve.\r\n".encode())
    page = post(office, upload=file).content.decode()
    assert "From a file: naïve.\n</textarea>" in page
    assert f'value="{sha256_of("From a file: naïve." + chr(10))}"' in page


BAD: dict[str, dict[str, Any]] = {
    "no text": {"text": " \n"},
    "no number": {"number": ""},
    "a number with a slash": {"number": "../2"},
    "a number that turns the line": {"number": "2\u202e0"},
    "a number that is taken": {"number": "1.0"},
    "a number too long": {"number": "2" * 21},
    "a text too long": {"text": "a" * (LONGEST_TEXT + 1)},
    "a text with a zero byte": {"text": "a\x00b"},
    "a language that is none": {"language": "<b>"},
    "a day in the past": {"reconsent_by": "2020-01-01"},
    "a day that is none": {"reconsent_by": "tomorrow"},
    "a picture": {"upload": b"\x89PNG\r\n\x1a\n\x00\xff"},
    "a file of zero bytes": {"upload": b"a\x00b"},
    "a file too large": {"upload": b"a" * (LONGEST_TEXT * 4 + 1)},
    "a file of too many letters": {"upload": b"a" * (LONGEST_TEXT + 1)},
}


@pytest.mark.parametrize("do", ["preview", "publish"])
@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_published_is_told_at_its_field(case: str, do: str, office: Client) -> None:
    changes = dict(BAD[case])
    if "upload" in changes:
        changes["upload"] = SimpleUploadedFile("licence.md", changes["upload"])
    answer = post(office, do, **changes)
    assert answer.status_code == 422
    assert "field-errors" in answer.content.decode()
    assert LicenceVersion.objects.count() == 1


def test_the_list_shows_what_is_current_and_who_accepted_it(office: Client, version: LicenceVersion) -> None:
    make_acceptance(make_user(), version)
    make_acceptance(make_user("cy"), version)
    page = office.get("/office/licences/").content.decode()
    assert "2 people" in page
    assert 'href="/office/licences/research/publish/"' in page
    assert office.get("/office/licences/none/publish/").status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_no_other_role_publishes(role: Role, client: Client, version: LicenceVersion) -> None:
    other = make_staff("rob", role)
    client.force_login(other)
    assert client.get("/office/licences/").status_code == 403
    assert publish(client).status_code == 403
    with pytest.raises(PermissionRefusedError):
        publish_version(licence=version.licence, number="2", text="x", summary=[], actor=other, now=timezone.now())
    assert LicenceVersion.objects.count() == 1


def test_visitors_are_asked_to_sign_in(client: Client, version: LicenceVersion) -> None:
    assert publish(client).headers["Location"].startswith("/account/login/")


# The same from the command line


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("licences", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_publishes_the_bytes_of_a_file(version: LicenceVersion, tmp_path: Path) -> None:
    file = tmp_path / "licence.md"
    file.write_bytes(b"Line.\r\nLine.\n")
    said = run(
        "publish", "research", "2.0", str(file), "--summary", "A.", "--summary", "B.", "--reconsent-by", f"{SOON}"
    )
    made = LicenceVersion.objects.get(number="2.0")
    assert made.text.encode() == file.read_bytes()
    assert made.sha256 in said
    assert made.summary == ["A.", "B."]
    assert made.reconsent_by is not None
    assert made.sha256 in run("list")


@pytest.mark.parametrize(
    "arguments",
    [
        ("none", "2.0", "good"),
        ("research", "1.0", "good"),
        ("research", "2.0", "missing"),
        ("research", "2.0", "binary"),
        ("research", "2.0", "good", "--reconsent-by", "2020-01-01"),
        ("research", "2.0", "good", "--reconsent-by", "2026-99-01"),
        ("research", "2.0", "good", "--reconsent-by", "soon"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: tuple[str, ...], version: LicenceVersion, tmp_path: Path) -> None:
    (tmp_path / "good").write_text("New.")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    slug, number, file, *more = arguments
    with pytest.raises(CommandError):
        run("publish", slug, number, str(tmp_path / file), *more)
    assert LicenceVersion.objects.count() == 1


def test_a_text_is_refused_as_such_by_the_command_itself(version: LicenceVersion) -> None:
    with pytest.raises(InvalidError) as error:
        publish_version(licence=version.licence, number="2", text="a\x00", summary=[], actor=None, now=timezone.now())
    assert error.value.field == "text"
