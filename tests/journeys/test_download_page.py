"""The page of a release in a real browser: copying, opening recipes, and all of it without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.catalogue_rooms import both_layouts
from tests.journeys.conftest import Opener
from tests.journeys.furniture import House, furnish
from tests.journeys.looking import LOOKS


@pytest.fixture
def house(transactional_db: None, s3_server: str) -> House:
    return furnish()


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_a_hash_is_copied_whole(house: House, open_browser: Opener) -> None:
    path = both_layouts(house)
    visit = open_browser(user=house.ada)
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.page.goto(path)
    button = visit.page.get_by_role("button", name="Copy the SHA-256 of config.json")
    button.click()
    expect(button).to_have_text("Copied")
    expect(visit.page.get_by_role("status").last).to_have_text("Copied")
    assert len(clipboard(visit.page)) == 64
    assert visit.faults == []


def test_a_recipe_opens_and_is_copied_by_keyboard_alone(house: House, open_browser: Opener) -> None:
    path = both_layouts(house)
    visit = open_browser(LOOKS["phone-light"], user=house.ada)
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.page.goto(path)
    visit.page.locator("#with-gatehouse > summary").focus()
    visit.page.keyboard.press("Enter")
    for _ in range(2):
        visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("#with-gatehouse .copy").first).to_have_text("Copied")
    assert clipboard(visit.page).startswith("pip install http://testserver/models/client/gatehouse-")


def test_the_address_opens_a_recipe(house: House, open_browser: Opener) -> None:
    page = open_browser(user=house.ada).page
    page.goto(f"{both_layouts(house)}#with-wget")
    expect(page.get_by_text("aria2c -c -x 8")).to_be_visible()


def test_without_scripts_one_click_takes_a_whole_hash(house: House, open_browser: Opener) -> None:
    visit = open_browser(user=house.ada)
    visit.context.route("**/*.js", lambda route: route.abort())
    visit.page.goto(both_layouts(house))
    visit.page.locator(".hashes .whole").first.click()
    assert len(str(visit.page.evaluate("getSelection().toString().trim()"))) == 64
    visit.page.locator("#with-curl > summary").click()
    expect(visit.page.get_by_text("read -rs TOKEN").first).to_be_visible()
    assert visit.page.locator(".copy").count() == 0
