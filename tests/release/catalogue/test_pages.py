"""Pages of the catalogue: what each reader sees, what no reader sees, and how many questions that costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access_portal.accounts.models import User
from release.catalogue.loading import load_catalogue
from release.models import Artifact, Family, Release, Variant
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_family, make_grant, make_release, make_user, make_variant

pytestmark = pytest.mark.django_db
HOSTILE = "<b>bold</b>\n<script>alert(1)</script>\u202e\x1b[31m"
PATHS = ("/models/", "/models/toy/", "/models/toy/1m/", "/models/toy/1m/v1/")
FEEDS = ("/models/feed.atom", "/models/feed.json", "/models/toy/feed.atom", "/models/toy/feed.json")


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.mark.parametrize("state", ["staged", "verified", "scheduled"])
def test_what_is_not_public_yet_shows_nowhere(client: Client, state: str) -> None:
    variant = make_release().variant
    secret = make_release(variant, "v7-secret", "staged", changelog="Secret words.")
    Release.objects.filter(pk=secret.pk).update(state=state, publish_at=timezone.now() + timedelta(days=1))
    for path in (*PATHS, *FEEDS, "/robots.txt", "/portal/v1/models", f"/api/models/{variant.hub_repo}",
                 f"/api/models/{variant.hub_repo}/refs", f"/api/models/{variant.hub_repo}/commits/main"):  # fmt: skip
        for reader in (None, make_user(f"reader{len(path)}{User.objects.count()}")):
            if reader is not None:
                make_grant(reader, variant.family)
                client.force_login(reader)
            shown = client.get(path).content.decode()
            assert "v7-secret" not in shown, path
            assert "Secret words" not in shown, path
            client.logout()
    for name in ("", "manifest.json", "manifest.jws", "sha256sums.txt"):
        assert client.get(f"/models/toy/1m/v7-secret/{name}").status_code == 404


def test_an_embargoed_first_release_leaves_the_model_described_only(client: Client) -> None:
    secret = make_release(state="staged")
    Release.objects.filter(pk=secret.pk).update(state="scheduled", publish_at=timezone.now())
    assert "Described only" in page(client, "/models/")
    assert "Nothing of this model was released here yet." in page(client, "/models/toy/1m/")


def test_each_reader_sees_what_is_theirs(client: Client) -> None:
    release = make_release()
    assert "Yours to download" not in page(client, "/models/")
    ada = make_user("ada")
    signed_in(client, ada)
    assert "Yours to download" not in page(client, "/models/")
    make_grant(ada, release.variant.family)
    assert "Yours to download" in page(client, "/models/")
    assert ">yours<" in page(client, "/models/toy/")


def test_a_grant_for_another_size_does_not_make_this_one_yours(client: Client) -> None:
    release = make_release()
    ada = make_user("ada")
    make_grant(ada, release.variant.family, variants=[make_variant(release.variant.family, "2m")])
    assert "Yours to download" not in page(signed_in(client, ada), "/models/")


def test_only_whom_the_policy_grants_gets_buttons(client: Client) -> None:
    release = make_release()
    assert 'action="/models/toy/1m/v1/download/' not in page(client, PATHS[-1])
    assert "Sign in" in page(client, PATHS[-1])
    ada = make_user("ada")
    make_grant(ada, release.variant.family)
    assert 'action="/models/toy/1m/v1/download/params.json"' in page(signed_in(client, ada), PATHS[-1])


def test_a_deprecated_release_says_why_and_leads_to_its_successor(client: Client) -> None:
    old = make_release()
    new = make_release(old.variant, "v2")
    Release.objects.filter(pk=old.pk).update(
        state="deprecated", deprecated_at=timezone.now(), deprecated_reason=HOSTILE, successor=new
    )
    text = page(client, PATHS[-1])
    assert 'href="/models/toy/1m/v2/"' in text
    assert "Go to Toy 1M v2" in text
    assert "&lt;b&gt;bold&lt;/b&gt;" in text
    assert "Bearer" in text  # it can still be fetched


def test_nobody_is_led_to_a_successor_that_was_withdrawn(client: Client) -> None:
    old = make_release()
    gone = make_release(old.variant, "v2", "withdrawn")
    Release.objects.filter(pk=old.pk).update(
        state="deprecated", deprecated_at=timezone.now(), deprecated_reason="Slow.", successor=gone
    )
    assert "Go to Toy 1M v2" not in client.get("/models/toy/1m/v1/").content.decode()


def test_an_older_release_leads_to_the_newest(client: Client) -> None:
    old = make_release()
    Release.objects.filter(pk=make_release(old.variant, "v2", "staged").pk).update(
        state="published", published_at=timezone.now() + timedelta(days=1), manifest="{}", manifest_sha256="0" * 64,
        commit="0" * 40,
    )  # fmt: skip
    assert "There is a newer release" in page(client, PATHS[-1])
    assert "There is a newer release" not in page(client, "/models/toy/1m/v2/")
    assert "What differs from v1" in page(client, "/models/toy/1m/v2/")


def test_a_withdrawn_release_shows_hashes_and_no_way_to_fetch(client: Client) -> None:
    release = make_release()
    ada = make_user("ada")
    make_grant(ada, release.variant.family)
    Release.objects.filter(pk=release.pk).update(
        state="withdrawn", withdrawn_at=timezone.now(), withdrawn_reason=HOSTILE
    )
    text = page(signed_in(client, ada), PATHS[-1])
    assert release.artifacts.get().sha256 in text
    assert "<script>alert" not in text
    assert "download/params.json" not in text
    assert "How to fetch them" not in text


def test_who_published_is_told_to_those_who_are_signed_in(client: Client) -> None:
    make_release(published_by=make_user("gus"))
    assert "Gus Example" not in page(client, PATHS[-1])
    assert "Gus Example" in page(signed_in(client, make_user("ada")), PATHS[-1])


def test_hostile_facts_and_changelogs_are_words_on_every_page(client: Client) -> None:
    facts = {
        "tables": [{"id": "x", "title": HOSTILE, "source": HOSTILE, "note": HOSTILE, "columns": [HOSTILE, "b"],
                    "rows": [{"name": HOSTILE, "values": [1.0, None]}, {"name": "LLaMA 7B", "values": [2.0, 3.0]}]}],
        "data_mix": {"title": HOSTILE, "source": HOSTILE, "columns": [HOSTILE, "n"], "plotted": "n",
                     "rows": [[HOSTILE, 1], ["x" * 3000, 2]]},
        "who": [HOSTILE], "limits": [HOSTILE], "sources": [{"name": HOSTILE, "url": ""}],
        "citation": {"title": HOSTILE},
    }  # fmt: skip
    release = make_release(make_variant(make_family("toy", facts=facts)), changelog=HOSTILE)
    Artifact.objects.create(
        release=make_release(release.variant, "v2", "staged"),
        path="a",
        size_bytes=1,
        sha256="",
        md5="",
        storage_key="a",
    )
    for path in PATHS:
        assert "<script>alert" not in page(client, path)
        assert "<b>bold" not in page(client, path)


def test_a_family_without_any_facts_has_pages_without_empty_headings(client: Client) -> None:
    make_release()
    for path in PATHS:
        html = page(client, path)
        assert not re.search(r"<h([23])[^>]*>\s*</h\1>", html)
        assert "Evaluation" not in html
    assert "Nothing was published about it." in page(client, "/models/toy/")


def test_the_demo_family_has_all_that_there_is_to_say(client: Client) -> None:
    load_catalogue(now=timezone.now())
    make_release(Variant.objects.get(model_id="quill-5m"), changelog="The first.")
    text = text_of(page(client, "/models/quill/"))
    for words in ("Who may get it", "Training data", "61.5", "Memory that it needs", "The first.", "BibTeX",
                  "Fewer than five were answered", "Licence of the code", "Apache-2.0", "Jane Austen"):  # fmt: skip
        assert words in text or words in page(client, "/models/quill/"), words


def test_the_card_of_llama_has_plots_with_words_and_its_tables(client: Client) -> None:
    load_catalogue(now=timezone.now())
    html = page(client, "/models/llama/")
    plots = re.findall(r'<svg class="(?:bars|scaling)"[^>]*>\s*<title', html)
    assert len(plots) == html.count('role="img" aria-labelledby="')
    assert html.count('class="scaling"') >= 8
    assert "1,022,362" in html
    assert "OPT 175B" in html
    assert " style=" not in html
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_a_model_without_a_grant_has_no_wait_to_tell_when_it_takes_no_applications(client: Client) -> None:
    load_catalogue(now=timezone.now())
    assert "No applications are taken for it here." in page(client, "/models/llama/")
    Family.objects.filter(slug="quill").update(accepts_applications=False)
    assert "Apply for a licence" not in text_of(page(client, "/models/quill/").split("<main")[1])


def counted(read: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        read()
    return len(queries)


@pytest.mark.parametrize("path", PATHS)
def test_more_releases_and_sizes_cost_no_more_queries(client: Client, path: str) -> None:
    release = make_release()
    family = release.variant.family
    signed_in(client, make_user("ada"))
    page(client, path)
    few = counted(lambda: page(client, path))
    for n in range(4):
        make_release(release.variant, f"v1.{n}", changelog="More.")
        make_release(make_variant(family, f"{n}b"))
        make_release(make_variant(make_family(f"other{n}")))
    assert counted(lambda: page(client, path)) <= few


def test_staff_read_the_catalogue_like_everybody(client: Client) -> None:
    make_release()
    signed_in(client, make_staff("ben"))
    assert [client.get(path).status_code for path in PATHS] == [200] * 4
