"""The ways of somebody who vouches, and of an iD at ORCID, in a real browser and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from access_portal.accounts.orcid.addresses import site_of
from access_portal.accounts.queries import orcid_of
from access_portal.references.models import Reference
from tests.access_portal.accounts.fake_orcid import ADA, CLIENT_ID, CLIENT_SECRET, FakeOrcid
from tests.access_portal.applications.scenes import make_open_family
from tests.access_portal.references.scenes import apply, letters, link_in
from tests.factories import make_user
from tests.journeys.conftest import Opener
from tests.journeys.looking import CONTRAST, LOOKS, TAGS, Visit, accessibility_faults, layout_faults

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def orcid(settings: Settings, live_server: LiveServer) -> Iterator[FakeOrcid]:
    server = FakeOrcid()
    settings.ORCID_CLIENT_ID, settings.ORCID_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
    settings.ORCID_DOMAIN, settings.BASE_URL = server.domain, live_server.url
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    forms = [*policy["form-action"], site_of(server.domain)]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**policy, "form-action": forms}}
    yield server
    server.shutdown()
    server.server_close()


def check(visit: Visit) -> None:
    """The page as it stands is sound in every look."""
    for name, look in LOOKS.items():
        visit.wear(look)
        faults = layout_faults(visit.page)
        if name != "narrow":
            faults += accessibility_faults(visit.page, CONTRAST if look.scheme == "dark" else TAGS)
        assert not faults + visit.faults, f"{visit.page.url} {name}: {faults + visit.faults}"
    visit.wear(LOOKS["desktop-light"])


def press(page: Page, text: str) -> None:
    """Reach a button or link by Tab and press it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText.trim()") == text:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab never reached {text!r}")


def test_a_supervisor_answers_by_keyboard_without_an_account(open_browser: Opener) -> None:
    apply(make_user("ada"), make_open_family(), now=timezone.now())
    visit = open_browser()
    page = visit.page
    page.goto(link_in(letters()[0]))
    check(visit)
    page.get_by_label("I know of this work and stand behind it").focus()
    page.keyboard.press("Space")
    page.get_by_label("Anything to add").focus()
    page.keyboard.type("She has worked with me since 2021.")
    press(page, "Send my answer")
    expect(page.locator("h1")).to_have_text("Thank you: this is answered")
    check(visit)
    assert Reference.objects.get().verdict == "confirmed"


def test_a_link_that_was_cut_leads_to_help(open_browser: Opener) -> None:
    visit = open_browser()
    visit.page.goto("/reference/cut-in-two/")
    expect(visit.page.locator("h1")).to_contain_text("does not work")
    check(visit)


def test_an_id_is_linked_seen_and_signs_in(open_browser: Opener, orcid: FakeOrcid) -> None:
    ada = make_user("ada")
    apply(ada, make_open_family(), now=timezone.now())
    visit = open_browser(user=ada)
    page = visit.page
    page.goto("/account/identity/")
    check(visit)
    press(page, "Link your ORCID iD")
    expect(page.locator("h1")).to_have_text("ORCID iD")
    check(visit)
    press(page, "Link my ORCID iD")
    expect(page.get_by_role("status")).to_contain_text("is linked with this account")
    check(visit)
    assert orcid_of(ada) == ADA
    newcomer = open_browser().page
    newcomer.goto("/account/login/")
    press(newcomer, "Sign in with ORCID")
    expect(newcomer.locator("header")).to_contain_text("Ada Example")


@pytest.mark.parametrize(
    ("fault", "title"),
    [("", "Create an account"), ("denied", "You said no at ORCID"), ("token", "ORCID did not answer as it should")],
)
def test_a_stranger_from_orcid_is_met_in_our_own_layout(
    open_browser: Opener, orcid: FakeOrcid, fault: str, title: str
) -> None:
    orcid.fault = fault
    visit = open_browser()
    visit.page.goto("/account/orcid/login/")
    check(visit)
    press(visit.page, "Go to ORCID")
    expect(visit.page.locator("h1")).to_contain_text(title)
    check(visit)
