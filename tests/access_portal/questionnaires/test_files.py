"""An uploaded file is what it says it is, or it is refused in words."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict

from access_portal.questionnaires.building import build_form
from access_portal.questionnaires.definition import Definition, Question
from access_portal.questionnaires.files import check_upload, clean_name, sniff
from tests.access_portal.questionnaires.sheets import question, sheet

PDF = b"%PDF-1.7\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 16
ANY = sheet(question("file"))
ONLY_PDF = sheet(question("file", types=["pdf"]))


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("a", "b")
    return buffer.getvalue()


def asked(definition: Definition = ANY) -> Question:
    return next(definition.questions())


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("letter.pdf", PDF, "application/pdf"),
        ("LETTER.PDF", PDF, "application/pdf"),
        ("a.png", PNG, "image/png"),
        ("a.jpeg", JPEG, "image/jpeg"),
        ("a.jpg", JPEG, "image/jpeg"),
        ("notes.txt", "Grüße\n\tan alle".encode(), "text/plain"),
    ],
)
def test_an_honest_file_is_taken_with_its_hash(name: str, data: bytes, media_type: str) -> None:
    checked = check_upload(asked(), SimpleUploadedFile(name, data, "image/gif"))
    assert (checked.name, checked.media_type, checked.size) == (name, media_type, len(data))
    assert (checked.sha256, checked.data) == (hashlib.sha256(data).hexdigest(), data)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("letter.pdf", b"<html><script>alert(1)</script>", "file_differs"),
        ("letter.pdf", b"MZ\x90\0", "file_differs"),
        ("letter.pdf", archive(), "file_differs"),
        ("letter.pdf", b" " + PDF, "file_differs"),
        ("letter.png", PDF, "file_differs"),
        ("letter.txt", PDF, "file_differs"),
        ("notes.txt", b"\xff\xfe\0", "file_differs"),
        ("notes.txt", b"a\0b", "file_differs"),
        ("letter.exe", PDF, "file_type"),
        ("letter", PDF, "file_type"),
        ("letter.pdf.html", PDF, "file_type"),
        ("letter\u202efdp.exe", PDF, "file_type"),
        (".pdf", PDF, "file_type"),
        ("letter.pdf", b"", "file_empty"),
        ("letter.pdf", PDF + b"x" * 1_000, "file_size"),
    ],
)
def test_a_file_that_lies_or_is_not_wanted_is_refused(name: str, data: bytes, code: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        check_upload(asked(), SimpleUploadedFile(name, data, "application/pdf"))
    assert refusal.value.code == code
    assert "%(" not in refusal.value.message


def test_a_type_that_the_question_does_not_take_is_refused_with_those_that_it_takes() -> None:
    with pytest.raises(ValidationError, match="Wanted: PDF"):
        check_upload(asked(ONLY_PDF), SimpleUploadedFile("a.png", PNG))


def test_a_size_that_the_upload_does_not_admit_is_found_by_reading() -> None:
    upload = SimpleUploadedFile("letter.pdf", PDF + b"x" * 5_000)
    upload.size = 3
    with pytest.raises(ValidationError, match="larger"):
        check_upload(asked(), upload)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\cv.pdf", "cv.pdf"),
        ("a\nb\0c.pdf", "a bc.pdf"),
        ("evil\u202efdp.exe", "evilfdp.exe"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("x." + "y" * 300, ("x." + "y" * 300)[:108] + "." + "y" * 11),
    ],
)
def test_names_of_files_are_made_harmless(given: str, kept: str) -> None:
    assert clean_name(given) == kept
    assert len(clean_name(given)) <= 120


def test_what_is_nothing_that_we_know_is_nothing() -> None:
    assert [sniff(data) for data in (PDF, PNG, JPEG, b"abc", b"\0", b"\xff\xd8")] == [
        "pdf", "png", "jpeg", "text", None, None,
    ]  # fmt: skip


def _sent(name: str, data: bytes) -> MultiValueDict:  # type: ignore[type-arg]
    return MultiValueDict({"q": [SimpleUploadedFile(name, data)]})


def test_an_answer_keeps_what_is_known_of_the_file_and_the_form_hands_out_its_bytes() -> None:
    form = build_form(ANY, data={}, files=_sent("cv.pdf", PDF))
    assert form.answers()["q"] == {"name": "cv.pdf", "media_type": "application/pdf", "size": len(PDF),
                                   "sha256": hashlib.sha256(PDF).hexdigest()}  # fmt: skip
    assert form.uploads()["q"].data == PDF


@pytest.mark.parametrize("partial", [True, False])
def test_a_file_of_last_time_stays_until_it_is_removed_or_replaced(partial: bool) -> None:
    before = {"q": {"name": "old.pdf", "media_type": "application/pdf", "size": 3, "sha256": "0" * 64}}
    kept = build_form(ANY, data={}, initial=before, partial=partial)
    assert (kept.answers(), kept.uploads()) == (before, {})
    assert build_form(ANY, data={"q-clear": "on"}, initial=before, partial=partial).answers() == {}
    replaced = build_form(ANY, data={}, files=_sent("new.pdf", PDF), initial=before, partial=partial)
    assert replaced.answers()["q"]["name"] == "new.pdf"


def test_a_file_that_is_refused_in_a_draft_leaves_the_one_of_last_time() -> None:
    before = {"q": {"name": "old.pdf", "media_type": "application/pdf", "size": 3, "sha256": "0" * 64}}
    form = build_form(ANY, data={}, files=_sent("new.pdf", b"MZ"), initial=before, partial=True)
    assert form.answers() == before
    assert "its content is not PDF" in form.errors["q"][0]


def test_text_in_place_of_a_file_is_no_file() -> None:
    form = build_form(sheet(question("file", required=True)), data={"q": {"name": "forged.pdf", "sha256": "0"}})
    assert form.errors["q"] == ["This answer is missing."]


def test_the_input_names_the_file_of_last_time_as_text() -> None:
    before = {"q": {"name": "<b>old</b>.pdf", "media_type": "application/pdf", "size": 3, "sha256": "0"}}
    html = str(build_form(ANY, initial=before)["q"])
    assert "&lt;b&gt;old" in html
    assert 'name="q-clear"' in html
    assert 'accept=".pdf,' in html
