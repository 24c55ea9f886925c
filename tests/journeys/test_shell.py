"""Every page in every look: accessible, narrow enough, silent; and the ways through by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.factories import PASSWORD, make_user
from tests.journeys.conftest import Opener
from tests.journeys.furniture import House, furnish
from tests.journeys.looking import CONTRAST, LOOKS, TAGS, Visit, accessibility_faults, layout_faults
from tests.journeys.pages import PAGES, PageCase


@pytest.fixture
def house(transactional_db: None, s3_server: str) -> House:
    return furnish()


@pytest.mark.parametrize("case", PAGES, ids=lambda case: case.name.replace(" ", "-"))
def test_page_is_sound_in_every_look(case: PageCase, house: House, open_browser: Opener) -> None:
    visit = open_browser(user=getattr(house, case.who) if case.who else None)
    response = visit.page.goto(case.path(house))
    assert response is not None
    assert response.status == case.status
    faults = [f"{name}: {fault}" for name in LOOKS for fault in faults_in(visit, name)]
    assert not faults + visit.faults, "\n".join(faults + visit.faults)


def faults_in(visit: Visit, name: str) -> list[str]:
    """Structure does not change with the colours, so in the dark axe measures contrast alone."""
    visit.wear(LOOKS[name])
    rules = CONTRAST if LOOKS[name].scheme == "dark" else TAGS
    return layout_faults(visit.page) + ([] if name == "narrow" else accessibility_faults(visit.page, rules))


def tab_to(page: Page, text: str) -> None:
    """Press Tab until the focused element reads or is labelled `text`."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).innerText.trim()") == text:
            return
    raise AssertionError(f"Tab never reached {text!r}")


def test_one_signs_in_by_keyboard_alone(house: House, open_browser: Opener) -> None:
    page = open_browser().page
    page.goto("/")
    tab_to(page, "Sign in")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Sign in")
    tab_to(page, "User name or e-mail address")
    page.keyboard.type("ada")
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Ada Example")


def test_the_first_tab_skips_to_the_content(transactional_db: None, open_browser: Opener) -> None:
    page = open_browser().page
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_account_menu_opens_and_signs_out_by_keyboard(house: House, open_browser: Opener) -> None:
    page = open_browser(LOOKS["phone-light"], user=house.ada).page
    page.goto("/")
    tab_to(page, "Ada Example")
    page.keyboard.press("Enter")
    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You are signed out")


def test_the_theme_chosen_by_hand_outlives_the_page(transactional_db: None, open_browser: Opener) -> None:
    page = open_browser(LOOKS["desktop-light"]).page
    page.goto("/")
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    page.goto("/account/login/")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != paper
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")


def test_the_language_changes_and_stays(transactional_db: None, open_browser: Opener) -> None:
    page = open_browser().page
    page.goto("/account/login/")
    page.get_by_role("button", name="Bahasa Melayu").click()
    expect(page).to_have_url("/account/login/")
    expect(page.locator("html")).to_have_attribute("lang", "ms")


def test_the_menu_says_where_one_is(house: House, open_browser: Opener) -> None:
    page = open_browser(user=house.ada).page
    page.goto("/grants/")
    expect(page.locator(".site-nav [aria-current=page]")).to_have_text("My grants")


def test_no_script_is_needed_to_sign_in(house: House, open_browser: Opener) -> None:
    visit = open_browser()
    visit.context.route("**/*.js", lambda route: route.abort())
    visit.page.goto("/account/login/")
    visit.page.get_by_label("User name or e-mail").fill("ada")
    visit.page.get_by_label("Password", exact=True).fill(PASSWORD)
    visit.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(visit.page.locator("h1")).to_contain_text("Ada Example")


def test_a_person_signs_up_confirms_and_is_in(transactional_db: None, open_browser: Opener) -> None:
    page = open_browser(LOOKS["phone-light"]).page
    page.goto("/account/signup/")
    for label, value in {"E-mail address": "dee@uni.example", "User name": "dee", "Full name": "Dee Example"}.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    expect(page.locator("h1")).to_have_text("Look in your mail")


def test_a_wrong_password_is_said_in_words_and_to_screen_readers(transactional_db: None, open_browser: Opener) -> None:
    make_user("ada")
    page = open_browser().page
    page.goto("/account/login/")
    page.get_by_label("User name or e-mail").fill("ada")
    page.get_by_label("Password", exact=True).fill("not this one")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
