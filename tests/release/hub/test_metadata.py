"""Shapes of what is read about a model, and what each answer costs the database."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from release.models import Release
from tests.factories import make_family, make_grant, make_release, make_user, make_variant
from tests.release.hub.asking import API, TOY, add_file, ask, make_toy, publish, secret_of

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


def more_of_everything(release: Release) -> None:
    """More files, releases and models than in the plain case: no query more."""
    for number in range(2, 6):
        other = Release.objects.create(
            variant=release.variant, version=f"v{number}", licence_version=release.licence_version
        )
        for each in range(6):
            add_file(other, f"docs/{each}.txt")
        publish(other)
        make_release(make_variant(release.variant.family, f"{number}m"))
    Release.objects.filter(version="v2").update(state="deprecated", deprecated_reason="Old.", successor=release)


QUERIES = {  # with a token that was seen a moment ago, which costs one
    API: 3,
    f"{API}?blobs=true": 3,
    f"{API}/revision/v1": 3,
    f"{API}/tree/main?recursive=true&expand=true": 3,
    f"{API}/refs": 2,
    f"{API}/commits/main": 2,
    "/api/models": 2,
    "/api/models?full=true": 3,
    "/api/whoami-v2": 1,
    "/api/agent-harnesses": 1,
    f"{API}/auth-check/write": 4,
}


@pytest.mark.parametrize(("url", "queries"), QUERIES.items(), ids=QUERIES)
def test_reads_cost_the_same_few_queries_however_much_there_is(
    url: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    release = make_toy("v1", "config.json")
    secret = secret_of(make_user("ada"))
    for _ in range(2):
        ask("get", url, secret)
        with django_assert_num_queries(queries):
            ask("get", url, secret)
        if "v2" not in Release.objects.values_list("version", flat=True):
            more_of_everything(release)


def test_paths_info_costs_three_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_toy("v1", "config.json")
    secret, client = secret_of(make_user("ada")), Client()
    headers = {"Authorization": f"Bearer {secret}"}
    for _ in range(2):
        with django_assert_num_queries(3) if _ else django_assert_num_queries(4):  # the first notes the token's use
            client.post(f"{API}/paths-info/main", "paths=config.json", FORM, headers=headers)


def test_a_model_at_a_revision_has_the_shape_that_clients_read() -> None:
    release = make_toy("v1", "config.json")
    body = ask("get", f"{API}?blobs=true").json()
    assert (body["id"], body["modelId"], body["author"], body["sha"]) == (TOY, TOY, "gatehouse", release.commit)
    assert (body["private"], body["gated"], body["disabled"]) == (False, "manual", False)
    assert (body["pipeline_tag"], body["library_name"], body["spaces"]) == ("text-generation", "transformers", [])
    assert body["cardData"]["license"] == "other"
    assert body["cardData"]["license_link"].startswith("http://testserver/licences/")
    assert {"safetensors", "transformersInfo", "gguf"}.isdisjoint(body)
    plain, large = body["siblings"]
    assert plain == {
        "rfilename": "config.json",
        "size": 1,
        "blobId": release.artifacts.get(path="config.json").git_sha1,
    }
    assert large["rfilename"] == "params.json"
    assert large["lfs"] == {"sha256": sha256(b"{}").hexdigest(), "size": 2, "pointerSize": 126}
    assert len(large["blobId"]) == 40


def test_a_file_that_git_has_no_name_for_is_a_large_one() -> None:
    make_toy("v1")
    (entry,) = ask("get", f"{API}/tree/main").json()
    assert entry["lfs"] == {"oid": sha256(b"{}").hexdigest(), "size": 2, "pointerSize": 126}
    assert (entry["type"], entry["path"], entry["size"]) == ("file", "params.json", 2)


def test_no_key_makes_clients_use_xet() -> None:
    make_toy("v1", "config.json")
    for url in (f"{API}?blobs=true", f"{API}/tree/main?expand=true"):
        answer = ask("get", url)
        assert "xet" not in answer.content.decode().lower()
        assert "X-Xet-Hash" not in answer


@pytest.mark.parametrize(
    ("folder", "recursive", "paths"),
    [
        ("", "false", ["docs", "docs.txt", "params.json"]),
        ("", "true", ["docs", "docs.txt", "docs/a.txt", "docs/deep", "docs/deep/b.txt", "params.json"]),
        ("/docs", "false", ["docs/a.txt", "docs/deep"]),
        ("/docs", "true", ["docs/a.txt", "docs/deep", "docs/deep/b.txt"]),
        ("/docs%2Fdeep", "false", ["docs/deep/b.txt"]),
        ("/docs/deep", "true", ["docs/deep/b.txt"]),
        ("/docs%2Fa.txt", "false", ["docs/a.txt"]),
        ("/docs.txt", "true", ["docs.txt"]),
    ],
)
def test_trees_list_a_folder_by_path(folder: str, recursive: str, paths: list[str]) -> None:
    release = make_toy("v1", "docs/a.txt", "docs/deep/b.txt", "docs.txt")
    listed = ask("get", f"{API}/tree/{release.commit}{folder}?recursive={recursive}").json()
    assert [each["path"] for each in listed] == paths
    for each in listed:
        assert len(each["oid"]) == 40
        assert each["type"] == ("directory" if "." not in each["path"] else "file")


@pytest.mark.parametrize("folder", ["additional_chat_templates", "doc", "docs/a.txt/b", "DOCS", "docs/"])
def test_an_unknown_folder_is_no_entry_and_names_the_commit(folder: str) -> None:
    release = make_toy("v1", "docs/a.txt")
    answer = ask("get", f"{API}/tree/main/{folder}")
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "EntryNotFound")
    assert answer["X-Repo-Commit"] == release.commit


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("paths=docs&paths=config.json&paths=none&expand=false", FORM),
        (json.dumps({"paths": ["docs", "config.json", "none"], "expand": False}), "application/json"),
        (json.dumps({"paths": ["docs/", "config.json"]}), "application/json; charset=utf-8"),
    ],
)
def test_paths_info_is_asked_by_form_or_json(body: str, kind: str) -> None:
    make_toy("v1", "config.json", "docs/a.txt")
    answer = Client(enforce_csrf_checks=True).post(f"{API}/paths-info/main", body, kind)
    assert [each["path"] for each in answer.json()] == ["config.json", "docs"]
    assert "lastCommit" not in answer.json()[0]


def test_paths_info_can_be_expanded() -> None:
    release = make_toy("v1", "config.json")
    for body, kind in (
        ("paths=config.json&expand=True", FORM),
        ('{"paths": "config.json", "expand": true}', "application/json"),
    ):
        (entry,) = Client().post(f"{API}/paths-info/main", body, kind).json()
        assert (entry["lastCommit"]["id"], entry["lastCommit"]["title"]) == (release.commit, "v1")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("{", "application/json"), ("[]", "application/json"), ('{"paths": [1]}', "application/json"),
        ('{"paths": null}', "application/json"), ("[" * 100_000, "application/json"), (b"\xff", "application/json"),
        ("paths=a", "text/plain"), ("paths=a", "multipart/form-data; boundary=x"), ("x", "multipart/form-data"),
        ("paths=a&" * 30_000, FORM), (b"paths=\xff", FORM), ("paths=" + "a" * 3_000_000, FORM),
        (json.dumps({"paths": ["a" * 3_000_000]}), "application/json"),
    ],
)  # fmt: skip
def test_paths_info_refuses_what_it_cannot_read(body: str | bytes, kind: str) -> None:
    make_toy()
    answer = Client(raise_request_exception=False).generic(
        "POST", f"{API}/paths-info/main", body.encode() if isinstance(body, str) else body, content_type=kind
    )
    assert (answer.status_code, answer.get("X-Error-Code")) == (400, None)
    assert answer.json() == {"error": answer["X-Error-Message"]}


def test_nothing_is_found_without_paths() -> None:
    make_toy()
    assert Client().post(f"{API}/paths-info/main", "", FORM).json() == []


def test_refs_name_pull_requests_only_when_asked() -> None:
    release = make_toy()
    plain = ask("get", f"{API}/refs").json()
    assert plain == {
        "branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": release.commit}],
        "converts": [],
        "tags": [{"name": "v1", "ref": "refs/tags/v1", "targetCommit": release.commit}],
    }
    assert ask("get", f"{API}/refs?include_prs=1").json() == {**plain, "pullRequests": []}


STATES = {
    "newest published": (["published", "published"], "v2"),
    "newest withdrawn": (["published", "withdrawn"], "v1"),
    "newest deprecated": (["published", "deprecated"], "v1"),
    "deprecated is better than withdrawn": (["deprecated", "withdrawn"], "v1"),
    "the newest of two deprecated": (["deprecated", "deprecated"], "v2"),
    "staged is nothing": (["published", "staged"], "v1"),
    "scheduled is nothing": (["published", "scheduled"], "v1"),
}


@pytest.mark.parametrize(("states", "version"), STATES.values(), ids=STATES)
def test_main_is_the_newest_live_release(states: list[str], version: str) -> None:
    releases = [make_toy()]
    Release.objects.filter(pk=releases[0].pk).update(state=states[0])
    releases.append(make_release(releases[0].variant, "v2", states[1]))
    commit = {"v1": releases[0].commit, "v2": releases[1].commit}[version]
    assert ask("get", API).json()["sha"] == commit
    assert ask("get", f"{API}/refs").json()["branches"][0]["targetCommit"] == commit


@pytest.mark.parametrize("url", [f"{API}/revision/v1", f"/{TOY}/resolve/v1/params.json"])
def test_a_deprecated_release_says_so_and_names_its_successor(url: str) -> None:
    release = make_toy()
    newer = make_release(release.variant, "v2")
    make_grant(ada := make_user("ada"), release.variant.family)
    Release.objects.filter(pk=release.pk).update(state="deprecated", deprecated_reason="Wrong.\nVery.", successor=newer)
    answer = ask("get", url, secret_of(ada))
    assert answer.status_code in (200, 302)
    topic, _, words = answer["X-HF-Warning"].partition("; ")
    assert topic == f"deprecated {release.commit[:8]}"
    assert words == (
        "Toy 1M v1 is deprecated: Wrong. Very. Use Toy 1M v2 instead. See http://testserver/models/toy/1m/v1/"
    )
    assert "X-HF-Warning" not in ask("get", url.replace("v1", "main"), secret_of(ada))


def test_a_long_reason_does_not_push_the_successor_out_of_the_header() -> None:
    release = make_toy()
    newer = make_release(release.variant, "v2")
    Release.objects.filter(pk=release.pk).update(
        state="deprecated", deprecated_reason="Two layers were swapped. " * 80, successor=newer
    )
    words = ask("get", f"{API}/revision/v1")["X-HF-Warning"]
    assert words.endswith("Use Toy 1M v2 instead. See http://testserver/models/toy/1m/v1/")
    assert len(words) <= 1000


def test_nobody_is_sent_to_a_successor_that_was_withdrawn() -> None:
    release = make_toy()
    gone = make_release(release.variant, "v2", "withdrawn")
    Release.objects.filter(pk=release.pk).update(state="deprecated", deprecated_reason="Wrong.", successor=gone)
    words = ask("get", f"{API}/revision/v1")["X-HF-Warning"]
    assert words.endswith("is deprecated: Wrong. See http://testserver/models/toy/1m/v1/")


def test_whoami_has_what_older_clients_want_too() -> None:
    body = ask("get", "/api/whoami-v2", secret_of(make_user("ada"))).json()
    assert (body["type"], body["name"], body["orgs"], body["isPro"]) == ("user", "ada", [], False)
    assert body["auth"]["type"] == "access_token"
    assert set(body["auth"]["accessToken"]) == {"displayName", "role", "createdAt"}


@pytest.mark.parametrize(
    "filters", ["filter=none", "pipeline_tag=fill-mask", "author=other", "search=zzz", "gated=False"]
)
def test_lists_leave_out_what_was_not_asked_for(filters: str) -> None:
    make_toy()
    assert len(ask("get", "/api/models").json()) == 1
    assert ask("get", f"/api/models?{filters}").json() == []


def test_models_of_which_nothing_was_published_are_not_listed() -> None:
    make_toy()
    make_release(make_variant(make_family("other")), state="staged")
    assert [each["id"] for each in ask("get", "/api/models").json()] == [TOY]


@pytest.mark.parametrize("sort", ["downloads", "likes", "trendingScore", "lastModified", "createdAt", "nonsense", ""])
def test_lists_are_sorted_whatever_is_asked_for(sort: str) -> None:
    toy = make_toy()
    make_release(make_variant(toy.variant.family, "2m"))
    names = [each["id"] for each in ask("get", f"/api/models?sort={sort}&direction=-1").json()]
    assert names == (["gatehouse/toy-2m", TOY] if sort in ("lastModified", "createdAt") else [TOY, "gatehouse/toy-2m"])
