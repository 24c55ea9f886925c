"""A real Chromium before a real server: pages of any size and colour, signed in or not, and their faults."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.journeys.looking import LOOKS, Look, Visit

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
Opener = Callable[..., Visit]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "open_browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread, and Django would refuse to touch the database beside one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_browser(chromium: Browser, live_server: LiveServer, redis_server: object) -> Iterator[Opener]:
    """A fresh browser for each call: `open_browser(LOOKS["phone-dark"], user=ada)` is signed in as Ada."""
    visits: list[Visit] = []

    def opener(look: Look = LOOKS["desktop-light"], *, user: object = None) -> Visit:
        visits.append(Visit.begin(chromium, live_server.url, look, user))
        return visits[-1]

    yield opener
    for visit in visits:
        visit.context.close()


@pytest.fixture
def browser_page(open_browser: Opener) -> Callable[..., Page]:
    """`open_browser`, for a test that wants only the Playwright page."""
    return lambda look=LOOKS["desktop-light"], user=None: open_browser(look, user=user).page
