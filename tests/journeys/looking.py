"""One browser window with a look, a session and a memory of everything that went wrong in it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

TAGS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
WATCH_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} stopped ${event.blockedURI} in ${event.sourceFile}`));
"""


@dataclass(frozen=True)
class Look:
    """A size of window in CSS pixels and a colour scheme."""

    width: int
    height: int
    scheme: str


LOOKS = {
    "desktop-light": Look(1280, 900, "light"),
    "desktop-dark": Look(1280, 900, "dark"),
    "phone-dark": Look(390, 844, "dark"),
    "phone-light": Look(390, 844, "light"),
    "narrow": Look(360, 740, "light"),
}


@dataclass
class Visit:
    """`faults` are console errors, uncaught exceptions and violations of the content security policy so far."""

    context: BrowserContext
    page: Page
    faults: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, browser: Browser, url: str, look: Look, user: Any = None) -> Visit:
        context = browser.new_context(
            base_url=url,
            viewport={"width": look.width, "height": look.height},
            color_scheme=look.scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        context.add_init_script(WATCH_POLICY)
        if user is not None:
            context.add_cookies([session_cookie(user, url)])
        visit = cls(context, context.new_page())
        visit.page.on("console", lambda message: visit.hear(message.type, message.text, message.location["url"]))
        visit.page.on("pageerror", lambda error: visit.faults.append(f"exception: {error}"))
        return visit

    def wear(self, look: Look) -> None:
        """Change size and colours of the page as it stands."""
        self.page.set_viewport_size({"width": look.width, "height": look.height})
        self.page.emulate_media(color_scheme=look.scheme)  # type: ignore[arg-type]

    def hear(self, kind: str, text: str, where: str) -> None:
        """Keep an error, unless it is only the browser telling that this very page was answered by 4xx or 5xx."""
        if kind == "error" and not (text.startswith("Failed to load resource") and where == self.page.url):
            self.faults.append(f"{text} ({urlsplit(where).path})")


def just_signed_in(client: Client, user: Any) -> None:
    """A session in which `user` has just given the password, as it would be after the form."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def session_cookie(user: Any, url: str) -> Any:
    """The cookie of such a session."""
    client = Client()
    just_signed_in(client, user)
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }


def accessibility_faults(page: Page, rules: Mapping[str, object] = TAGS) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA, one readable line for each element."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_axe_script())
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    violations = page.evaluate("async (options) => (await axe.run(options)).violations", options)
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:160]} -- {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]


def layout_faults(page: Page) -> list[str]:
    """A page has one first-level heading and never scrolls sideways."""
    headings = page.locator("h1").count()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    found = [] if headings == 1 else [f"{headings} first-level headings"]
    return found + ([f"{wide} px too wide"] if wide > 0 else [])


@cache
def _axe_script() -> str:
    return str(Axe().axe_script)
