"""A feed as Atom (RFC 4287) and as JSON Feed 1.1: the same entries twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as Xml

from release.catalogue.feeds.entries import Entry
from release.catalogue.plain_text import legible

ATOM = "http://www.w3.org/2005/Atom"
JSON_FEED = "https://jsonfeed.org/version/1.1"
EMPTY_SINCE = datetime(2026, 1, 1, tzinfo=UTC)  # of a feed without entries: Atom wants a date, and it must not wander


@dataclass(frozen=True)
class Feed:
    """`url` is that of this very feed, `page` of what a person reads instead."""

    title: str
    author: str
    url: str
    page: str
    entries: Sequence[Entry]

    @property
    def updated(self) -> datetime:
        return max((entry.updated for entry in self.entries), default=EMPTY_SINCE)


def as_atom(feed: Feed) -> bytes:
    Xml.register_namespace("", ATOM)
    root = Xml.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "en"})
    _add(root, "id", feed.url)
    _add(root, "title", feed.title)
    _add(root, "updated", _moment(feed.updated))
    _add(_add(root, "author"), "name", feed.author)
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.url)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    for entry in feed.entries:
        _add_entry(_add(root, "entry"), entry)
    Xml.indent(root)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def as_json_feed(feed: Feed) -> bytes:
    content = {
        "version": JSON_FEED,
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.url,
        "language": "en",
        "authors": [{"name": feed.author}],
        "items": [_item(entry) for entry in feed.entries],
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def _add(parent: Xml.Element, name: str, text: str | None = None, **attributes: str) -> Xml.Element:
    element = Xml.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = text
    return element


def _add_entry(element: Xml.Element, entry: Entry) -> None:
    release = entry.release
    _add(element, "id", entry.id)
    _add(element, "title", entry.title)
    _add(element, "published", _moment(entry.published))
    _add(element, "updated", _moment(entry.updated))
    _add(element, "link", rel="alternate", type="text/html", href=entry.url)
    for term in (entry.what, release.variant.model_id):
        _add(element, "category", term=term)
    _add(element, "rights", legible(str(release.licence_version)))
    _add(element, "content", entry.text, type="text")


def _item(entry: Entry) -> dict[str, Any]:
    release = entry.release
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_text": entry.text,
        "date_published": _moment(entry.published),
        "date_modified": _moment(entry.updated),
        "tags": [entry.what, release.variant.model_id],
        "_gatehouse": {
            "model": release.variant.model_id,
            "hub_repo": release.variant.hub_repo,
            "version": release.version,
            "commit": release.commit,
            "event": entry.what,
            "state": str(release.state),
        },
    }


def _moment(moment: datetime) -> str:
    """RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
