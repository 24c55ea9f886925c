"""A person at a web browser, as far as forms go: follows links, fills in what a page asks, keeps cookies."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx

from demo.errors import DemoError

NOT_SENT = {"submit", "button", "reset", "image", "file"}


@dataclass
class Form:
    """A form as the page shows it, with the values that it would send unchanged."""

    action: str
    values: dict[str, Any] = field(default_factory=dict)


class Page(HTMLParser):
    """The forms and the visible text of a page."""

    def __init__(self, address: str, html: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.text = ""
        self._form: Form | None = None
        self._textarea: str | None = None
        self._select: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._form = Form(urljoin(self.address, given.get("action") or self.address))
            self.forms.append(self._form)
        elif self._form is not None:
            self._note_control(self._form, tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._textarea = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._form is not None and self._textarea is not None:
            self._form.values[self._textarea] += data

    def _note_control(self, form: Form, tag: str, given: dict[str, str | None]) -> None:
        name = given.get("name") or ""
        if tag == "textarea":
            self._textarea = name
            form.values[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select is not None:
            if "selected" in given or self._select not in form.values:
                form.values[self._select] = given.get("value") or ""
        elif tag == "input" and name:
            self._note_input(form, name, given)

    def _note_input(self, form: Form, name: str, given: dict[str, str | None]) -> None:
        kind = given.get("type") or "text"
        if kind in {"checkbox", "radio"}:
            if "checked" in given:
                chosen = given.get("value") or "on"
                form.values[name] = [*form.values.get(name, []), chosen] if kind == "checkbox" else chosen
        elif kind not in NOT_SENT:
            form.values[name] = given.get("value") or ""


class Browser:
    """Cookies and the page that is open; raises DemoError when the site answers with an error."""

    def __init__(self, base_url: str) -> None:
        self._client = httpx.Client(base_url=base_url, follow_redirects=True, timeout=60)
        self.page = Page(base_url, "")

    def open(self, path: str) -> Page:
        return self._show(self._client.get(path))

    def submit(self, action: str, **answers: Any) -> Page:
        """Fill in the form whose address contains `action` and send it, with the address of its page as Referer."""
        form = self._form(action)
        headers = {"Referer": self.page.address}
        return self._show(self._client.post(form.action, data={**form.values, **answers}, headers=headers))

    def send(self, action: str) -> httpx.Response:
        """Send a form as it stands and return the bare answer, redirect and all."""
        form = self._form(action)
        headers = {"Referer": self.page.address}
        return self._client.post(form.action, data=form.values, headers=headers, follow_redirects=False)

    def _form(self, action: str) -> Form:
        for form in self.page.forms:
            if action in form.action:
                return form
        raise DemoError(f"{self.page.address} has no form that leads to {action}. The page says:\n{self._words()}")

    def _show(self, response: httpx.Response) -> Page:
        self.page = Page(str(response.url), response.text)
        if response.is_error:
            raise DemoError(f"{response.url} answered {response.status_code}. The page says:\n{self._words()}")
        return self.page

    def _words(self) -> str:
        return " ".join(self.page.text.split())[:1500]
