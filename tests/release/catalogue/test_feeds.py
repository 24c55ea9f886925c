"""Feeds: valid, stable, the same for everybody, and silent about what is not public."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from release.models import Release
from tests.factories import make_family, make_release, make_variant

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = "<script>alert(1)</script>\r\n\x00\x0b\u202etxet\u202c ]]> &amp; \ud83d\ude00".encode(
    "utf-16", "surrogatepass"
)
HOSTILE_TEXT = HOSTILE.decode("utf-16").replace("\x00", "")


def items(client: Client, path: str = "/models/feed.json") -> list[dict[str, Any]]:
    return list(json.loads(client.get(path).content)["items"])


def atom(client: Client, path: str = "/models/feed.atom") -> Xml.Element:
    return Xml.fromstring(client.get(path).content)  # noqa: S314 (our own)


def end(release: Release, **fields: Any) -> None:
    Release.objects.filter(pk=release.pk).update(**fields)


def test_atom_has_what_its_specification_requires(client: Client) -> None:
    make_release(changelog="The first.")
    feed = atom(client)
    for element in (feed, feed.find(f"{ATOM}entry")):
        assert element is not None
        assert all(element.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))
        assert parse_datetime(element.findtext(f"{ATOM}updated") or "") is not None
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    assert [link.get("rel") for link in feed.findall(f"{ATOM}link")] == ["self", "alternate"]
    assert "The first." in (feed.findtext(f"{ATOM}entry/{ATOM}content") or "")


def test_json_feed_has_what_its_specification_requires(client: Client) -> None:
    make_release()
    answer = client.get("/models/feed.json")
    content = json.loads(answer.content)
    assert answer["Content-Type"] == "application/feed+json"
    assert content["version"] == "https://jsonfeed.org/version/1.1"
    assert content["title"]
    assert content["feed_url"].endswith("/models/feed.json")
    assert all(item["id"] and item["content_text"] and item["url"] for item in content["items"])


def test_an_empty_feed_is_valid_and_does_not_wander(client: Client) -> None:
    first, second = client.get("/models/feed.atom"), client.get("/models/feed.atom")
    assert first["ETag"] == second["ETag"]
    assert atom(client).findtext(f"{ATOM}updated") == "2026-01-01T00:00:00Z"
    assert items(client) == []


def test_each_end_of_a_release_is_an_entry_and_ids_stay(client: Client) -> None:
    release = make_release()
    published = items(client)
    end(release, state="deprecated", deprecated_at=timezone.now() + timedelta(hours=1), deprecated_reason="Old.",
        successor=make_release(release.variant, "v2"))  # fmt: skip
    deprecated = [item for item in items(client) if "v1" in item["title"]]
    end(release, state="withdrawn", withdrawn_at=timezone.now() + timedelta(hours=2), withdrawn_reason="Wrong.")
    withdrawn = [item for item in items(client) if "v1" in item["title"]]
    assert [item["tags"][0] for item in withdrawn] == ["withdrawn", "deprecated", "published"]
    assert len({item["id"] for item in items(client)}) == len(items(client)) == 4
    assert withdrawn[-1]["id"] == published[0]["id"] == deprecated[-1]["id"]
    assert withdrawn[1]["id"] == deprecated[0]["id"]
    assert "Wrong." in withdrawn[0]["content_text"]
    assert "Toy 1M v2" in withdrawn[1]["content_text"]


def test_deprecating_again_keeps_the_entry_and_changes_its_date(client: Client) -> None:
    release, now = make_release(), timezone.now()
    end(release, state="deprecated", deprecated_at=now, deprecated_reason="Old.")
    before = items(client)[0]
    end(release, deprecated_at=now + timedelta(days=1), deprecated_reason="Older.")
    after = items(client)[0]
    assert before["id"] == after["id"]
    assert before["date_modified"] < after["date_modified"]


def test_a_family_has_a_feed_of_its_own(client: Client) -> None:
    make_release()
    make_release(make_variant(make_family("other"), "2m"))
    assert [item["title"] for item in items(client, "/models/other/feed.json")] == ["Other 2M v1 published"]
    assert len(atom(client, "/models/toy/feed.atom").findall(f"{ATOM}entry")) == 1
    assert client.get("/models/none/feed.atom").status_code == 404


@pytest.mark.parametrize("path", ["/models/feed.atom", "/models/feed.json", "/models/toy/feed.atom"])
def test_who_has_the_feed_already_gets_304(client: Client, path: str) -> None:
    make_release()
    answer = client.get(path)
    assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client.get(path, headers={"If-Modified-Since": answer["Last-Modified"]}).status_code == 304
    make_release(Release.objects.get().variant, "v2")
    assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 200


def test_hostile_words_are_words(client: Client) -> None:
    release = make_release(changelog=HOSTILE_TEXT)
    end(release, state="withdrawn", withdrawn_at=timezone.now(), withdrawn_reason=HOSTILE_TEXT)
    content = atom(client).findtext(f"{ATOM}entry/{ATOM}content") or ""
    assert "<script>alert(1)</script>\n" in content
    assert not set(content) & set("\x0b\u202e\u202c\r")
    assert b"<script>" not in client.get("/models/feed.atom").content


@pytest.mark.parametrize("sign", ["\x00", "\x0b", "\x1b", "\ufffe", "\uffff"])
def test_signs_that_no_xml_may_hold_are_left_out_wherever_they_stand(client: Client, sign: str) -> None:
    if sign == "\x00" and connection.vendor == "postgresql":
        pytest.skip("it keeps none")
    release = make_release(changelog=f"a{sign}b")
    end(release, state="withdrawn", withdrawn_at=timezone.now(), withdrawn_reason=f"c{sign}d")
    family, licence = release.variant.family, release.licence_version.licence
    family.name = licence.title = f"e{sign}f"
    family.save()
    licence.save()
    for path in ("/models/feed.atom", f"/models/{family.slug}/feed.atom"):
        assert "c d" in (atom(client, path).findtext(f"{ATOM}entry/{ATOM}content") or "")
    assert sign not in client.get("/models/feed.json").content.decode()


@pytest.mark.parametrize("language", ["en", "ms"])
def test_everybody_gets_the_same_feed(client: Client, language: str) -> None:
    make_release()
    answer = client.get("/models/feed.json", headers={"Accept-Language": language})
    assert "was published under this licence" in answer.content.decode()
    assert "public" in answer["Cache-Control"]
    assert not answer.cookies


def test_pages_lead_to_the_feeds(client: Client) -> None:
    make_release()
    for path in ("/models/", "/models/toy/", "/models/toy/1m/", "/models/toy/1m/v1/"):
        text = client.get(path).content.decode()
        assert 'type="application/atom+xml"' in text
        assert 'href="/models/feed.json"' in text
        assert path == "/models/" or 'href="/models/toy/feed.atom"' in text


def test_many_releases_cost_one_query(client: Client, django_assert_num_queries: Any) -> None:
    variant = make_release().variant
    for n in range(5):
        make_release(variant, f"v1.{n}")
    with django_assert_num_queries(1):
        client.get("/models/feed.atom")
