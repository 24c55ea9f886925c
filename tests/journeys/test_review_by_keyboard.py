"""A reviewer goes through a day's work without a mouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.models import Application, State
from access_portal.grants.models import Grant
from tests.access_portal.applications.scenes import make_open_family, make_staff, submit
from tests.factories import make_user
from tests.journeys.review_rooms import act, answer

pytestmark = pytest.mark.django_db(transaction=True)
Opener = Callable[..., Page]
QUESTION = "What will you measure, and how?"


@pytest.fixture
def cases() -> list[Application]:
    """Of Ada and of Cy, Ada's the older one."""
    family, now = make_open_family("quill"), timezone.now()
    return [
        submit(make_user(name), family, now=now - timedelta(hours=hours)) for name, hours in (("ada", 5), ("cy", 4))
    ]


@pytest.fixture
def ben() -> User:
    return make_staff("ben", Role.REVIEWER, Role.DECIDER)


def tab_to(page: Page, text: str) -> None:
    """Press Tab until the focused element reads or is labelled `text`."""
    for _ in range(60):
        page.keyboard.press("Tab")
        said = page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).innerText.trim()")
        if said.startswith(text):
            return
    raise AssertionError(f"Tab never reached {text!r}")


def press(page: Page, key: str) -> None:
    """A key of the page itself: first out of any field."""
    page.keyboard.press("Escape")
    page.keyboard.press(key)


def test_from_the_queue_to_a_grant_by_keyboard_alone(cases: list[Application], ben: User, browser_page: Opener) -> None:
    case, page = cases[0], browser_page(user=ben)
    page.goto("/review/")
    page.keyboard.press("n")
    page.wait_for_url(f"**/review/{case.number}/")
    ask(page)
    expect(page.get_by_text("Returned. The applicant gets the questions")).to_be_visible()
    answer(case, timezone.now() + timedelta(minutes=2))  # once the mail has left
    page.reload()
    press(page, "c")
    expect(page.locator("ins")).to_have_text(" We count agreement errors in each layer.")
    expect(page.get_by_text("1 answer changed since the last round")).to_be_visible()
    approve(page)
    press(page, "u")
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert not Grant.objects.filter(state="active").exists()
    approve(page)
    case.refresh_from_db()
    assert (case.state, case.decision.by if case.decision else None) == (State.APPROVED, ben)
    press(page, "n")
    page.wait_for_url(f"**/review/{cases[1].number}/")


def ask(page: Page) -> None:
    """One question about the purpose."""
    page.keyboard.press("q")
    expect(page.get_by_label("About").first).to_be_focused()
    page.keyboard.type("Research p")
    tab_to(page, "What to answer or change")
    page.keyboard.type(QUESTION)
    tab_to(page, "Return it with these questions")
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def approve(page: Page) -> None:
    """Tick the list, say why, send it."""
    press(page, "a")
    expect(page.locator("#approve_checked_0")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
    expect(page.locator("#recommend_checked_3")).to_be_checked()  # ticked once, it is ticked everywhere
    tab_to(page, "Why")
    page.keyboard.type("A clear question, and open results.")
    tab_to(page, "Approve and make the grant")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"Seconds left: \d"))).to_be_visible()


def test_recommending_sending_back_and_refusing_by_keyboard(
    cases: list[Application], ben: User, browser_page: Opener
) -> None:
    case, page = act(cases[0], commands.claim, ben), browser_page(user=ben)
    page.goto(f"/review/{case.number}/")
    page.keyboard.press("e")
    page.keyboard.press("Space")  # approve
    tab_to(page, "To the decider")
    page.keyboard.type("Sound work.")
    for item in ("The person is", "The institution", "The purpose", "The plan"):
        tab_to(page, item)
        page.keyboard.press("Space")
    tab_to(page, "Pass it on to the deciders")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The recommendation")).to_be_visible()
    press(page, "r")
    page.keyboard.type("The research")
    tab_to(page, "Refuse and say what to change")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Refused. The applicant is told by mail.")).to_be_visible()
    case.refresh_from_db()
    assert case.decision is not None
    assert case.decision.code == "purpose_unclear"


def test_notes_messages_and_the_way_along_the_view(cases: list[Application], ben: User, browser_page: Opener) -> None:
    page = browser_page(user=ben)
    page.goto("/review/")
    page.keyboard.press("/")
    expect(page.get_by_label("Number, name or institution")).to_be_focused()
    press(page, "j")
    expect(page.get_by_role("link", name=str(cases[0].number))).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/review/{cases[0].number}/")
    press(page, "o")
    page.keyboard.type("The group's page names her; jack? n o.")
    tab_to(page, "Keep the note")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Notes of colleagues").get_by_text("jack?")).to_be_visible()
    press(page, "j")
    page.wait_for_url(f"**/review/{cases[1].number}/")
    press(page, "k")
    page.wait_for_url(f"**/review/{cases[0].number}/")
    assert cases[0].notes.get().text == "The group's page names her; jack? n o."


def test_prepared_words_fill_in_but_never_overwrite(cases: list[Application], ben: User, browser_page: Opener) -> None:
    act(cases[0], commands.claim, ben)
    page = browser_page(user=ben)
    page.goto(f"/review/{cases[0].number}/")
    page.keyboard.press("r")
    form = page.locator("#refuse-form")
    text = form.get_by_label("What the applicant reads")
    form.get_by_label("Reason").select_option("purpose_unclear")
    expect(text).to_have_value(re.compile("From your description"))
    text.fill("My own words about this case.")
    form.get_by_label("Reason").select_option("ethics_missing")
    expect(text).to_have_value("My own words about this case.")


def test_a_question_is_pinned_to_the_answer_that_one_looks_at(
    cases: list[Application], ben: User, browser_page: Opener
) -> None:
    act(cases[0], commands.claim, ben)
    page = browser_page(user=ben)
    page.goto(f"/review/{cases[0].number}/")
    page.locator('[data-about="sharing"]').press("Enter")
    expect(page.locator("#ask_question_1")).to_have_value("sharing")
    expect(page.locator("#ask_text_1")).to_be_focused()
    page.keyboard.type(QUESTION)
    page.locator('[data-about="purpose"]').press("Enter")
    expect(page.locator("#ask_question_2")).to_have_value("purpose")


def test_the_shortcuts_explain_themselves_and_can_be_switched_off(
    cases: list[Application], ben: User, browser_page: Opener
) -> None:
    page = browser_page(user=ben)
    page.goto("/review/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.get_by_label("Single-key shortcuts are on").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=str(cases[0].number))).not_to_be_focused()
    page.get_by_role("button", name="Keyboard shortcuts (?)").click()
    expect(page.get_by_label("Single-key shortcuts are on")).not_to_be_checked()
