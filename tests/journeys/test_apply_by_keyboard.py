"""An applicant goes the whole way without a mouse: begin, fill in, read the licence, send, answer a question."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from access_portal.accounts.models import Role
from access_portal.applications import commands
from access_portal.applications.models import Application, State
from release.models import Family
from tests.access_portal.applications.scenes import ANSWERS, make_application, make_open_family
from tests.factories import make_user
from tests.journeys.conftest import Opener
from tests.journeys.looking import LOOKS

pytestmark = pytest.mark.django_db(transaction=True)
FOCUSED = "(selector) => document.activeElement.matches(selector)"
IN_SIGHT = """() => {
  const box = document.activeElement.getBoundingClientRect();
  const hit = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, 40) / 2);
  return hit !== null && (document.activeElement.contains(hit) || hit.contains(document.activeElement));
}"""


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until this has the focus; it must not hide behind anything."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED, selector):
            assert page.evaluate(IN_SIGHT), f"{selector} is hidden while it has the focus"
            return
    raise AssertionError(f"Tab never reached {selector}")


def choose(page: Page, name: str, value: str) -> None:
    """Choose one of several with the arrows."""
    tab_to(page, f"[name={name}]")
    page.keyboard.press("Space")
    for _ in range(20):
        if page.evaluate("() => document.activeElement.value") == value:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{name} cannot be set to {value}")


def write(page: Page, name: str, text: str) -> None:
    tab_to(page, f"[name={name}]")
    page.keyboard.type(text)


def tick(page: Page, name: str) -> None:
    tab_to(page, f"[name={name}]")
    if not page.evaluate("() => document.activeElement.checked"):
        page.keyboard.press("Space")


def press(page: Page, selector: str) -> None:
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.fixture
def family() -> Family:
    return make_open_family()


@pytest.mark.parametrize("look", ["desktop-light", "phone-dark"])
def test_from_the_start_to_the_number(look: str, family: Family, open_browser: Opener) -> None:
    visit = open_browser(LOOKS[look], user=make_user("ada"))
    page = visit.page
    page.goto("/apply/toy/")
    press(page, "main button")
    page.wait_for_url("**/edit/")
    write(page, "institution", "Example University")
    write(page, "country", "Malaysia")
    choose(page, "position", "faculty")
    write(page, "purpose", ANSWERS["purpose"])
    write(page, "sharing", "A paper and the code, both open.")
    choose(page, "human_data", "no")
    tick(page, "sizes")
    tick(page, "needs_download")
    press(page, "button[value=send]")
    expect(page.locator("h1")).to_have_text("Look it over")
    expect(page.get_by_role("heading", name="What is still missing")).to_have_count(0)
    press(page, "a[href$='step=licence']")
    expect(page.locator("h1")).to_have_text("Research licence")
    tick(page, "agree")
    press(page, "main button[type=submit]")
    made = Application.objects.get()
    page.wait_for_url(f"**/applications/{made.number}/")
    expect(page.get_by_text("Thank you. We have your application")).to_be_visible()
    assert (made.state, made.answers["position"], visit.faults) == (State.SUBMITTED, "faculty", [])


def test_what_is_missing_is_one_key_away(family: Family, open_browser: Opener) -> None:
    ada = make_user("ada")
    draft = commands.start_application(actor=ada, family=family, now=timezone.now())
    commands.save_draft(
        actor=ada, number=str(draft.number), version=draft.version, answers={**ANSWERS, "sharing": ""},
        now=timezone.now(),
    )  # fmt: skip
    page = open_browser(user=ada).page
    page.goto(f"/applications/{draft.number}/send/")
    press(page, "a[href$='#id_sharing']")
    page.wait_for_url("**/edit/#id_sharing")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("() => document.activeElement.closest('[data-question]')?.dataset.question") == "sharing"


def test_a_returned_application_is_answered_and_sent_again(family: Family, open_browser: Opener) -> None:
    ada, ben = make_user("ada"), make_user("ben", Role.REVIEWER)
    case = make_application(ada, family, State.IN_REVIEW, holder=ben)
    asks = [commands.Ask("What will you measure, and how?", "purpose"), commands.Ask("Who else works on this?")]
    commands.request_info(
        actor=ben, number=str(case.number), version=case.version, asks=asks,
        due_at=timezone.now() + timedelta(days=9), now=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    page = open_browser(user=ada).page
    page.goto(f"/applications/{case.number}/")
    press(page, "a[href$='/edit/']")
    general = case.info_requests.get(question="")
    write(page, f"reply_{general.pk}", "Only me.")
    tab_to(page, "[name=purpose]")
    page.keyboard.press("Control+End")
    page.keyboard.type(" We measure agreement layer by layer.")
    press(page, "button[value=send]")
    expect(page.get_by_text("We measure agreement layer by layer.").first).to_be_visible()
    press(page, "main button[type=submit]")
    expect(page.get_by_text("the reviewer is told")).to_be_visible()
    case.refresh_from_db()
    general.refresh_from_db()
    assert (case.state, case.rounds, general.reply) == (State.REVISED, 2, "Only me.")
