"""A reviewer goes through the queue without a mouse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, State
from tests.access_portal.applications.scenes import HOUR, NOW, make_application, make_open_family, make_staff
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
Opener = Callable[..., Page]


@pytest.fixture
def cases() -> list[Application]:
    family = make_open_family("quill")
    return [
        make_application(make_user(name), family, submitted_at=NOW + place * HOUR)
        for place, name in enumerate(["ada", "cy"])
    ]


@pytest.fixture
def ben() -> User:
    return make_staff("ben", Role.REVIEWER, Role.DECIDER)


def test_from_the_queue_to_a_claim_and_the_forms(cases: list[Application], ben: User, browser_page: Opener) -> None:
    page = browser_page(user=ben)
    page.goto("/review/")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=str(cases[0].number))).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/review/{cases[1].number}/")
    page.keyboard.press("k")
    page.wait_for_url(f"**/review/{cases[0].number}/")
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Give it back")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_label("Months")).to_be_focused()
    page.keyboard.press("Escape")
    cases[0].refresh_from_db()
    assert (cases[0].state, cases[0].claimed_by) == (State.IN_REVIEW, ben)


def test_letters_typed_into_a_form_are_only_letters(cases: list[Application], ben: User, browser_page: Opener) -> None:
    Application.objects.filter(pk=cases[0].pk).update(state=State.IN_REVIEW, claimed_by=ben, claimed_at=NOW)
    page = browser_page(user=ben)
    page.goto(f"/review/{cases[0].number}/")
    page.keyboard.press("r")
    page.keyboard.press("Tab")
    page.keyboard.type("jack?")
    expect(page.get_by_label("What the applicant reads")).to_have_value("jack?")
    assert page.url.endswith(f"/review/{cases[0].number}/")


def test_prepared_words_fill_in_but_never_overwrite(cases: list[Application], ben: User, browser_page: Opener) -> None:
    Application.objects.filter(pk=cases[0].pk).update(state=State.IN_REVIEW, claimed_by=ben, claimed_at=NOW)
    page = browser_page(user=ben)
    page.goto(f"/review/{cases[0].number}/")
    refusal = page.get_by_role("region", name="Refuse")
    text = refusal.get_by_label("What the applicant reads")
    refusal.get_by_label("Reason").select_option("purpose_unclear")
    expect(text).to_have_value(
        "From your description we could not see what you want to find out and what you need the model for."
    )
    text.fill("My own words about this case.")
    refusal.get_by_label("Reason").select_option("other")
    refusal.get_by_label("Reason").select_option("ethics_missing")
    expect(text).to_have_value("My own words about this case.")


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
