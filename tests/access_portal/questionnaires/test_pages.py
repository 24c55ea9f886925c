"""The office reads and publishes forms; nobody else sees those pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from access_portal.accounts.models import Role, User
from access_portal.questionnaires.canonical import fingerprint, readable
from access_portal.questionnaires.models import FormVersion
from tests.access_portal.questionnaires.sheets import document, question
from tests.factories import make_family, make_user, make_variant

pytestmark = pytest.mark.django_db
HOSTILE = {"en": "<img src=x onerror=alert(1)>"}
FORM = document({**question("yes_no"), "label": HOSTILE, "help": HOSTILE, "why": HOSTILE}, question("sizes", "sizes"))


def make_staff(name: str, *roles: Role) -> User:
    """Somebody who can open office pages: with a second factor."""
    user = make_user(name, *roles)
    TOTP.activate(user, generate_totp_secret())
    return user


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(make_staff("ida", Role.ADMIN))
    return client


def paths() -> list[str]:
    house = FormVersion.objects.get(family=None, number=1)
    return [reverse("forms"), reverse("publish_form"), *(reverse(n, args=[house.pk]) for n in PAGES_OF_ONE)]


PAGES_OF_ONE = ("form_version", "form_definition")


def post(client: Client, step: str, text: str = "", *, status: int = 200, **more: Any) -> str:
    data = {"family": "", "definition": text, "step": step, **more}
    answer = client.post(reverse("publish_form"), data, follow=True)
    assert answer.status_code == status
    return answer.content.decode()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.DECIDER, Role.RELEASE_MANAGER, Role.OPERATOR])
def test_other_staff_are_told_that_it_is_not_for_them(client: Client, role: Role) -> None:
    client.force_login(make_staff("ben", role))
    assert [client.get(path).status_code for path in paths()] == [403] * 4
    post(client, "publish", readable(FORM), looked_at=fingerprint(FORM), status=403)


def test_strangers_sign_in_first_and_applicants_are_refused(client: Client) -> None:
    assert [client.get(path).status_code for path in paths()] == [302] * 4
    client.force_login(make_user("ada"))
    assert [client.get(path).status_code for path in paths()] == [403] * 4


def test_the_office_sees_every_form_and_which_family_asks_which(office: Client) -> None:
    make_family("toy")
    page = office.get(reverse("forms")).content.decode()
    assert "House form" in page
    assert "Asks the house form." in page
    assert reverse("publish_form") + "?family=toy" in page


def test_a_version_is_shown_as_applicants_see_it_with_its_fingerprint_and_checklist(office: Client) -> None:
    house = FormVersion.objects.get()
    page = office.get(reverse("form_version", args=[house.pk])).content.decode()
    for words in (house.sha256, "Research purpose", "This is what the decision rests on.", "What a reviewer ticks"):
        assert words in page
    assert "if you are a student" in page


def test_a_definition_is_downloaded_as_it_was_published(office: Client) -> None:
    house = FormVersion.objects.get()
    answer = office.get(reverse("form_definition", args=[house.pk]))
    assert json.loads(answer.content) == house.definition
    assert answer["Content-Disposition"] == 'attachment; filename="form-house-1.json"'


def test_a_form_is_looked_at_and_then_published(office: Client) -> None:
    make_variant(make_family("toy"))
    seen = post(office, "look", readable(FORM), family="toy")
    assert "Changes to what is asked now" in seen
    assert FormVersion.objects.count() == 1
    done = post(office, "publish", readable(FORM), family="toy", looked_at=fingerprint(FORM))
    assert "Version 1 is published" in done
    version = FormVersion.objects.get(family__slug="toy")
    assert (version.definition, str(version.published_by)) == (FORM, "Ida Example")


def test_what_was_not_looked_at_is_shown_in_place_of_being_published(office: Client) -> None:
    page = post(office, "publish", readable(FORM), looked_at=fingerprint({"another": 1}))
    assert "As an applicant would see it" in page
    assert FormVersion.objects.count() == 1


def test_the_same_form_again_says_that_nothing_changed(office: Client) -> None:
    house = FormVersion.objects.get()
    page = post(office, "publish", readable(house.definition), looked_at=house.sha256)
    assert "Nothing was changed" in page
    assert FormVersion.objects.count() == 1


def test_a_file_counts_more_than_the_text_and_takes_its_place(office: Client) -> None:
    file = SimpleUploadedFile("form.json", ("\ufeff" + readable(FORM)).encode())
    page = post(office, "look", "nonsense", upload=file)
    assert fingerprint(FORM) in page
    assert "nonsense" not in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[" * 50_000, "nested too deeply"),
        (json.dumps(document(question(colour=1))), "sections[0].questions[0].colour"),
        (json.dumps(document({**question(), "label": {"en": "a\0"}})), "control characters"),
        ("x" * 400_001, "at most 400,000 characters"),
    ],
)
def test_a_bad_definition_is_refused_beside_the_field_and_kept_there(office: Client, text: str, words: str) -> None:
    page = post(office, "look", text, status=422)
    assert words in page
    assert text[:40].replace('"', "&quot;") in page
    assert FormVersion.objects.count() == 1


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"%PDF-1.7"])
def test_a_file_that_is_no_definition_is_refused_beside_the_file(office: Client, content: bytes) -> None:
    page = post(office, "look", upload=SimpleUploadedFile("form.json", content), status=422)
    assert 'id="id_upload_error"' in page


def test_unknown_forms_and_families_are_told_as_such(office: Client) -> None:
    assert office.get(reverse("form_version", args=[999])).status_code == 404
    assert office.get(reverse("publish_form") + "?family=nowhere").status_code == 404
    post(office, "look", readable(FORM), family="nowhere", status=422)


def test_what_a_definition_says_is_text_on_every_page(office: Client) -> None:
    post(office, "publish", readable(FORM), looked_at=fingerprint(FORM))
    version = FormVersion.objects.latest("pk")
    for page in (office.get(reverse("form_version", args=[version.pk])).content.decode(),
                 post(office, "look", readable(FORM))):  # fmt: skip
        assert "<img" not in page.replace('<img class="', "")
        assert "&lt;img src=x" in page


def test_the_pages_carry_neither_inline_script_nor_inline_style(office: Client) -> None:
    for page in [*(office.get(path).content.decode() for path in paths()[:3]), post(office, "look", readable(FORM))]:
        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick=" not in page
