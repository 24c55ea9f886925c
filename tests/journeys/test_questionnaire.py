"""A questionnaire in a browser: what is not asked is put away, words are counted, mistakes are told on the spot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from access_portal.accounts.models import Role, User
from access_portal.questionnaires.canonical import readable
from access_portal.questionnaires.house import house_definition
from access_portal.questionnaires.models import FormVersion
from access_portal.questionnaires.texts import count_words
from tests.factories import make_user
from tests.journeys.looking import LOOKS, Visit, accessibility_faults, layout_faults

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ida() -> User:
    user = make_user("ida", Role.ADMIN)
    TOTP.activate(user, generate_totp_secret())
    return user


@pytest.fixture
def sheet(open_browser: Callable[..., Visit], ida: User) -> Page:
    """The house form, to be tried."""
    page = open_browser(user=ida).page
    page.goto(reverse("form_version", args=[FormVersion.objects.get().pk]))
    return page


def test_questions_come_and_go_with_the_answers_that_they_hang_on(sheet: Page) -> None:
    supervisor, referee = sheet.get_by_label("Supervisor’s name"), sheet.get_by_label("Referee’s name")
    expect(supervisor).to_be_hidden()
    sheet.get_by_label("Student, doctoral students included").check()
    expect(supervisor).to_be_visible()
    supervisor.fill("Grace")
    sheet.get_by_role("radio", name="Independent researcher").check()
    expect(supervisor).to_be_hidden()
    expect(referee).to_be_visible()
    sheet.get_by_label("Student, doctoral students included").check()
    expect(supervisor).to_have_value("Grace")


def test_a_box_and_a_text_bring_up_what_hangs_on_them(sheet: Page) -> None:
    tokens, consent = (
        sheet.get_by_label("Tokens of inference"),
        sheet.get_by_text("May we publish this sentence?").first,
    )
    expect(tokens).to_be_hidden()
    sheet.get_by_label("I need to run the model here").check()
    expect(tokens).to_be_visible()
    expect(consent).to_be_hidden()
    sheet.get_by_label("Your project in one sentence").fill("How models agree.")
    expect(consent).to_be_visible()


def test_words_are_counted_while_one_types_and_read_out_when_one_pauses(sheet: Page) -> None:
    question = sheet.locator("[data-question=purpose]")
    count, spoken = question.locator(".question-count"), question.get_by_role("status")
    expect(count).to_have_text("Words: 0 of at least 20 and at most 700")
    sheet.get_by_label("Research purpose").press_sequentially("four words — and more")
    expect(count).to_have_text("Words: 4 of at least 20 and at most 700")
    expect(spoken).to_have_text("Words: 4 of at least 20 and at most 700")
    assert count.get_attribute("data-over") is None
    sheet.get_by_label("Research purpose").fill("word " * 1_200)
    expect(count).to_have_text("Words: 1,200 of at least 20 and at most 700")
    assert count.get_attribute("data-over") is not None


def test_the_browser_counts_words_as_the_server_does(sheet: Page) -> None:
    box, count = sheet.get_by_label("Research purpose"), sheet.locator("[data-question=purpose] .question-count")
    for text in [
        "",
        "a",
        "one  two\n\nthree",
        "— … !",
        "naïve co-op’s 3.5 x²",
        "三つの word",
        "日本語 を話す",
        "٣ كلمات",
        "🙂 a🙂",
        "Ⅻ ½",
    ]:
        box.fill(text)
        expect(count).to_have_text(f"Words: {count_words(text)} of at least 20 and at most 700")


@pytest.mark.parametrize(
    ("label", "bad", "words", "good"),
    [
        ("Institution", "", "This answer is missing.", "Example University"),
        ("ORCID", "0000-0002-1825-0098", "This is not an ORCID iD", "https://orcid.org/0000-0002-1825-0097"),
        ("Web page", "nowhere", "This is not the address of a web page.", "uni.example/ada"),
        ("Research purpose", "Too short.", "Words so far: 2. At least 20, please.", "word " * 30),
        ("How you will share", "x" * 2_001, "2,001 characters; at most 2,000", "A paper and its code."),
    ],
)
def test_what_the_server_would_refuse_is_told_on_leaving_the_question(
    sheet: Page, label: str, bad: str, words: str, good: str
) -> None:
    box = sheet.get_by_role("textbox", name=label)
    box.fill(bad)
    box.press("Tab")
    expect(sheet.locator(".field-errors")).to_contain_text(words)
    error_id = str(sheet.locator(".field-errors").get_attribute("id"))
    assert error_id in str(box.get_attribute("aria-describedby")).split()
    assert box.get_attribute("aria-invalid") == "true"
    box.fill(good)
    expect(sheet.locator(".field-errors")).to_have_count(0)
    assert box.get_attribute("aria-invalid") is None


def test_a_number_is_taken_in_groups_and_refused_in_words(sheet: Page) -> None:
    sheet.get_by_label("I need to run the model here").check()
    tokens = sheet.get_by_label("Tokens of inference")
    for typed, told in [("a few", "Write a whole number in digits"), ("0", "A number from 1 to 1,000,000,000,000")]:
        tokens.fill(typed)
        tokens.press("Tab")
        expect(sheet.locator("[data-question=estimated_tokens] .field-errors")).to_contain_text(told)
    tokens.fill("2,000,000")
    expect(sheet.locator("[data-question=estimated_tokens] .field-errors")).to_have_count(0)


def test_a_file_of_the_wrong_kind_is_told_at_once(sheet: Page) -> None:
    box = sheet.get_by_label("CV or project plan")
    box.set_input_files({"name": "cv.docx", "mimeType": "text/plain", "buffer": b"x"})
    expect(sheet.locator(".field-errors")).to_contain_text("Wanted: PDF")
    box.set_input_files({"name": "cv.pdf", "mimeType": "application/pdf", "buffer": b"x" * (5 * 1024 * 1024 + 1)})
    expect(sheet.locator(".field-errors")).to_contain_text("larger than 5.0")
    box.set_input_files({"name": "cv.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    expect(sheet.locator(".field-errors")).to_have_count(0)


def test_without_a_script_every_question_is_there_with_its_condition(
    open_browser: Callable[..., Visit], ida: User, chromium: Browser
) -> None:
    visit = open_browser(user=ida)
    visit.page.goto(reverse("forms"))
    plain = chromium.new_context(java_script_enabled=False, storage_state=visit.context.storage_state())
    page = plain.new_page()
    page.goto(visit.page.url + f"{FormVersion.objects.get().pk}/")
    expect(page.get_by_label("Supervisor’s name (if you are a student)")).to_be_visible()
    expect(page.get_by_text("(if you answered yes, optional)")).to_be_visible()
    plain.close()


@pytest.mark.parametrize("look", ["desktop-light", "phone-dark", "narrow"])
def test_a_form_is_looked_at_and_published_without_a_fault(
    open_browser: Callable[..., Visit], ida: User, look: str
) -> None:
    house = house_definition()
    house["sections"][0]["questions"][0]["label"]["en"] = "Where you work"
    visit = open_browser(LOOKS[look], user=ida)
    page = visit.page
    page.goto(reverse("publish_form"))
    page.get_by_label("Definition").fill(readable(house))
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_role("heading", name="Changes to what is asked now")).to_be_visible()
    page.get_by_text("Line by line").click()
    page.get_by_label("Student, doctoral students included").check()
    page.get_by_label("Where you work").press("Tab")
    assert accessibility_faults(page) + layout_faults(page) + visit.faults == []
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="House form, version 2")).to_be_visible()
    assert accessibility_faults(page) + layout_faults(page) + visit.faults == []
