"""A draft saves itself, on a bad line and between two devices, and loses nothing."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from access_portal.applications import commands
from access_portal.applications.models import Application
from tests.access_portal.applications.scenes import make_open_family
from tests.factories import make_user
from tests.journeys.conftest import Opener
from tests.journeys.looking import session_cookie

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def draft() -> Application:
    return commands.start_application(actor=make_user("ada"), family=make_open_family(), now=timezone.now())


def write(page: Page, draft: Application, text: str) -> None:
    """Type into a field of the form."""
    if not page.url.endswith("/edit/"):
        page.goto(f"/applications/{draft.number}/edit/")
    page.get_by_label("How you will share what comes out").fill(text)


def write_and_wait(page: Page, draft: Application, text: str) -> None:
    with page.expect_response("**/draft/") as answer:
        write(page, draft, text)
    assert answer.value.status == 200


def kept(draft: Application) -> object:
    draft.refresh_from_db()
    return draft.answers.get("sharing")


def test_what_is_typed_is_saved_and_seen_on_another_device(draft: Application, open_browser: Opener) -> None:
    first, second = open_browser(user=draft.applicant), open_browser(user=draft.applicant)
    write_and_wait(first.page, draft, "A paper and all code.")
    expect(first.page.locator("[data-draft-status]")).to_contain_text("Saved at")
    assert kept(draft) == "A paper and all code."
    second.page.goto(f"/applications/{draft.number}/edit/")
    expect(second.page.get_by_label("How you will share what comes out")).to_have_value("A paper and all code.")
    assert first.faults + second.faults == []


def test_what_is_missing_is_counted_while_one_types(draft: Application, open_browser: Opener) -> None:
    page = open_browser(user=draft.applicant).page
    page.goto(f"/applications/{draft.number}/edit/")
    expect(page.locator("[data-progress=research]")).to_have_text("2 answers missing")
    write_and_wait(page, draft, "A paper and all code.")
    expect(page.locator("[data-progress=research]")).to_have_text("1 answer missing")


def test_saving_leaves_the_page_as_it_is(draft: Application, open_browser: Opener) -> None:
    page = open_browser(user=draft.applicant).page
    page.goto(f"/applications/{draft.number}/edit/")
    names = "() => [...document.querySelector('[data-draft]').elements].map((control) => control.name)"
    before = page.evaluate(names)
    write_and_wait(page, draft, "A paper and all code.")
    expect(page.locator("[data-progress=research]")).to_have_text("1 answer missing")
    assert page.evaluate(names) == before


def both(draft: Application, open_browser: Opener) -> Page:
    """The second of two devices, which has just found out that it is not alone."""
    first, second = open_browser(user=draft.applicant).page, open_browser(user=draft.applicant).page
    second.goto(f"/applications/{draft.number}/edit/")
    write_and_wait(first, draft, "From the first device.")
    write(second, draft, "From the second device.")
    conflict = second.get_by_role("alert").filter(has_text="Something else was saved meanwhile")
    expect(conflict).to_be_visible()
    expect(conflict).to_contain_text("From the first device.")
    expect(conflict).to_contain_text("From the second device.")
    assert kept(draft) == "From the first device."
    return second


def test_a_second_device_keeps_its_own_words_if_asked_to(draft: Application, open_browser: Opener) -> None:
    page = both(draft, open_browser)
    with page.expect_response("**/draft/"):
        page.get_by_role("button", name="Keep what is here").click()
    assert kept(draft) == "From the second device."


def test_a_second_device_takes_what_was_saved_elsewhere(draft: Application, open_browser: Opener) -> None:
    page = both(draft, open_browser)
    page.get_by_role("button", name="Take what was saved elsewhere").click()
    expect(page.get_by_label("How you will share what comes out")).to_have_value("From the first device.")
    assert kept(draft) == "From the first device."


def test_without_a_connection_it_waits_and_saves_later(draft: Application, open_browser: Opener) -> None:
    visit = open_browser(user=draft.applicant)
    visit.page.goto(f"/applications/{draft.number}/edit/")
    visit.context.set_offline(True)
    write(visit.page, draft, "Typed on a train.")
    expect(visit.page.locator("[data-draft-status]")).to_contain_text("no connection")
    with visit.page.expect_response("**/draft/"):
        visit.context.set_offline(False)
    expect(visit.page.locator("[data-draft-status]")).to_contain_text("Saved at")
    assert kept(draft) == "Typed on a train."


def test_a_page_that_was_closed_unsaved_comes_back(draft: Application, open_browser: Opener) -> None:
    visit = open_browser(user=draft.applicant)
    visit.context.route("**/draft/", lambda route: route.abort())
    write(visit.page, draft, "Not saved yet.")
    expect(visit.page.locator("[data-draft-status]")).to_contain_text("no connection")
    visit.page.close()
    visit.context.unroute("**/draft/")
    page = visit.context.new_page()
    with page.expect_response("**/draft/"):
        page.goto(f"/applications/{draft.number}/edit/")
        expect(page.get_by_label("How you will share what comes out")).to_have_value("Not saved yet.")
    assert kept(draft) == "Not saved yet."
    expect(page.locator("[data-draft-status]")).to_contain_text("Saved at")  # the page has read the answer too
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('gatehouse-draft'))") == []


def test_a_session_that_ended_loses_nothing(draft: Application, open_browser: Opener) -> None:
    visit = open_browser(user=draft.applicant)
    visit.page.goto(f"/applications/{draft.number}/edit/")
    visit.context.clear_cookies()
    write(visit.page, draft, "Typed after the session had ended.")
    expect(visit.page.locator("[data-draft-status]")).to_contain_text("You are signed out")
    home = visit.page.evaluate("location.origin")
    with visit.page.expect_response(lambda answer: "/draft/" in answer.url and answer.status == 200, timeout=30_000):
        visit.context.add_cookies([session_cookie(draft.applicant, home)])
    expect(visit.page.locator("[data-draft-status]")).to_contain_text("Saved at")
    assert kept(draft) == "Typed after the session had ended."


def test_a_button_pressed_at_once_takes_the_last_words_along(draft: Application, open_browser: Opener) -> None:
    page = open_browser(user=draft.applicant).page
    write(page, draft, "The last words.")
    page.get_by_role("button", name="Look it over and send").click()
    page.wait_for_url(f"**/applications/{draft.number}/send/")
    assert kept(draft) == "The last words."
    page.go_back()
    expect(page.get_by_label("How you will share what comes out")).to_have_value("The last words.")


def test_without_scripts_the_button_saves(draft: Application, open_browser: Opener) -> None:
    visit = open_browser(user=draft.applicant)
    visit.context.route("**/*.js", lambda route: route.abort())
    write(visit.page, draft, "Saved by the button.")
    visit.page.get_by_role("button", name="Save", exact=True).click()
    expect(visit.page.get_by_text("Saved. You can go on now")).to_be_visible()
    assert kept(draft) == "Saved by the button."
