"""A copy of everything: one's own and nothing else, harmless to unpack, and made with little memory."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from access_portal.accounts.models import User
from access_portal.applications.models import Application, Message, State
from access_portal.audit.models import Event
from access_portal.privacy.export import json_export, path_of, zip_export
from access_portal.privacy.section import Paper
from tests.access_portal.applications.scenes import make_application, make_open_family
from tests.access_portal.privacy.scenes import (
    ADDRESS,
    MARKS,
    NAME,
    NOW,
    USER_NAME,
    WORDS,
    attach,
    furnish,
)
from tests.access_portal.references.scenes import apply
from tests.factories import make_user
from tests.journeys.looking import just_signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server", "redis_server")]
EXPORT = "/account/data/export/"


def exported(user: User) -> dict[str, Any]:
    """Lists by their name, from the file itself."""
    with json_export(user, NOW) as made:
        content = json.load(made)
    return {name: rows for section in content["sections"] for name, rows in section["data"].items()}


def test_the_copy_has_what_lies_in_every_room() -> None:
    data = exported(furnish())
    filled = {name for name, rows in data.items() if rows}
    assert filled >= {
        "person", "email_addresses", "api_tokens", "second_factors", "linked_accounts", "applications", "rounds",
        "questions_to_you", "messages", "attachments", "about_you", "acceptances", "grants", "memberships",
        "surrenders", "receipts", "links", "files", "batches", "requests_once", "charges", "mails", "events",
    }  # fmt: skip
    assert data["person"][0]["full_name"] == NAME
    assert [row["text"] for row in data["messages"]] == [f"It is about {WORDS}."]
    assert {row["state"] for row in data["applications"]} == {"withdrawn", "draft"}


def test_notes_and_the_names_of_staff_are_not_in_it() -> None:
    zelda = furnish()
    with json_export(zelda, NOW) as made:
        text = made.read().decode()
    assert "of old?" not in text  # Ben's note
    assert "Ben Example" not in text
    assert "application_noted" not in text


def test_nothing_of_anybody_else_is_in_it() -> None:
    furnish()
    with zip_export(make_user("ada"), NOW) as made:
        archive = zipfile.ZipFile(made)
        everything = b"".join(archive.read(name) for name in archive.namelist()).lower()
    assert [mark for mark in MARKS if mark.encode() in everything] == []


def test_no_parameter_leads_to_the_data_of_somebody_else(client: Client) -> None:
    zelda = furnish()
    just_signed_in(client, make_user("ada"))
    query = f"?user={zelda.pk}&username={USER_NAME}"
    answer = client.post(EXPORT + query, {"format": "json", "user": zelda.pk, "username": USER_NAME, "email": ADDRESS})
    text = b"".join(answer.streaming_content).decode().lower()  # type: ignore[attr-defined]
    assert json.loads(text)["user_name"] == "ada"
    assert [mark for mark in MARKS if mark in text] == []


def test_a_claimed_address_does_not_open_what_its_owner_said_of_others() -> None:
    case = apply(make_user("tess"), make_open_family("gosling"), NOW)
    reference = case.references.get()
    mallory = make_user("mallory")
    claimed = EmailAddress.objects.create(user=mallory, email=reference.email, verified=False)
    assert exported(mallory)["by_you"] == []
    claimed.verified = True
    claimed.save()
    assert len(exported(mallory)["by_you"]) == 1


def test_an_answer_that_can_still_be_undone_is_not_in_it() -> None:
    ada = make_user("ada")
    case = make_application(ada, make_open_family(), State.REFUSED_FIXABLE)
    Event.objects.create(
        subject=case.subject, sequence=1, name="application_refused_fixable", at=NOW, hash="a" * 64, data={}
    )
    Application.objects.filter(pk=case.pk).update(undo_until=NOW + timedelta(seconds=9), undo_to=State.IN_REVIEW)
    data = exported(ada)
    assert [row["state"] for row in data["applications"]] == ["in_review"]
    assert (data["decisions"], data["events"]) == ([], [])
    Application.objects.filter(pk=case.pk).update(undo_until=NOW)
    data = exported(ada)
    assert [row["state"] for row in data["applications"]] == ["refused_fixable"]
    assert (len(data["decisions"]), len(data["events"])) == (1, 1)


HOSTILE = [
    "../../etc/passwd", "..\\..\\boot.ini", "/abs/olute.pdf", "C:\\x.pdf", "\u202efdp.exe", "a\nb\r.pdf", "", ".",
    "..", ".htaccess", "con\x00.pdf", "ü" * 200 + ".pdf", "名前.pdf", "a/b/c", "x" * 5000, "<img src=x>.pdf",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_of_a_file_leads_out_of_its_folder(name: str) -> None:
    path = path_of(Paper(name, 7, name, lambda: b""))
    assert path.isascii()
    assert path.isprintable()
    assert path.count("/") == 2
    assert path.startswith("attachments/")
    assert not {"", ".", ".."} & set(path.split("/"))
    assert len(path) < 200
    assert not set(path) & set('\\:*?"<>|')


def test_two_files_of_one_name_are_both_in_it() -> None:
    case = make_application(make_user("ada"), make_open_family())
    keys = [attach(case, "plan.pdf", content).pk for content in (b"%PDF-one", b"%PDF-two")]
    with zip_export(case.applicant, NOW) as made:
        archive = zipfile.ZipFile(made)
        found = {archive.read(f"attachments/{case.number}/{key}-plan.pdf") for key in keys}
    assert found == {b"%PDF-one", b"%PDF-two"}


def test_a_huge_account_needs_no_more_memory_than_a_small_one() -> None:
    case = make_application(make_user("ada"), make_open_family())
    text = "x" * 5_000
    Message.objects.bulk_create(
        Message(application=case, author=case.applicant, from_office=False, text=text, at=NOW) for _ in range(4_000)
    )
    for _ in range(6):
        attach(case, "plan.pdf", bytes(2_000_000))
    tracemalloc.start()
    with zip_export(case.applicant, NOW) as made:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        rows = json.loads(zipfile.ZipFile(made).read("data.json"))
    assert len(next(s for s in rows["sections"] if s["key"] == "applications")["data"]["messages"]) == 4_000
    assert peak < 16_000_000  # of 20 MB of messages and 12 MB of files


def test_the_zip_comes_over_http_with_readme_and_is_on_record(client: Client) -> None:
    ada = make_user("ada")
    just_signed_in(client, ada)
    answer = client.post(EXPORT, {"format": "zip"})
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert int(answer["Content-Length"]) == len(content)
    assert answer["Cache-Control"] == "private, no-store"
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    assert set(archive.namelist()) == {"README.txt", "data.json"}
    assert "ada" in archive.read("README.txt").decode()
    assert Event.objects.get(name="data_exported").actor == ada


def test_a_copy_is_only_made_after_the_password(client: Client) -> None:
    client.force_login(make_user("ada"))
    answer = client.post(EXPORT, {"format": "zip"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not Event.objects.filter(name="data_exported").exists()


def test_a_link_from_elsewhere_makes_no_copy(client: Client) -> None:
    just_signed_in(client, make_user("ada"))
    assert client.get(EXPORT).status_code == 405
    client.logout()
    assert client.post(EXPORT).status_code == 302
