"""What holds at every address of the protocol: tokens, errors, pages, times, flags, how often one may ask."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from huggingface_hub.utils._http import parse_ratelimit_headers
from pytest_django import Settings

from release.hub.errors import one_line
from release.hub.rates import WINDOW_SECONDS
from tests.factories import make_grant, make_user
from tests.release.hub.asking import API, TOY, add_file, ask, make_toy, publish, secret_of

pytestmark = pytest.mark.django_db
FILE = f"/{TOY}/resolve/main/config.json"
READS = [
    "/api/models", API, f"{API}?blobs=true", f"{API}/revision/v1", f"{API}/tree/main",
    f"{API}/tree/main?recursive=true&expand=1", f"{API}/refs", f"{API}/commits/main",
]  # fmt: skip
EVERYWHERE = [*READS, FILE, "/api/whoami-v2", f"{API}/auth-check", f"{API}/auth-check/write", "/api/agent-harnesses",
              "/api/models/gatehouse/none", f"{API}/discussions", "/api/datasets/a/b", "/datasets/a/b/resolve/main/c",
              "/api/nothing", "/gpt2/resolve/main/config.json"]  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.mark.parametrize("url", EVERYWHERE)
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_bad_token_is_refused_everywhere_before_anything_else(url: str, method: str) -> None:
    make_toy("v1", "config.json")
    answer = ask(method, url, "gh_wrong")
    assert (answer.status_code, answer["X-Error-Message"]) == (401, "Invalid credentials in Authorization header")
    assert "X-Error-Code" not in answer


@pytest.mark.parametrize("url", READS)
def test_reads_are_for_anybody(url: str) -> None:
    make_toy("v1", "config.json")
    for secret in (None, secret_of(make_user("ben")), secret_of(make_user("cyd"), "jobs")):
        assert ask("get", url, secret).status_code == 200


@pytest.mark.parametrize("url", EVERYWHERE)
def test_an_error_says_the_same_in_body_and_header(url: str) -> None:
    make_toy("v1", "config.json")
    answer, head = ask("get", url), ask("head", url)
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/json"
        assert answer.json() == {"error": answer["X-Error-Message"]}
    assert head.content == b""
    assert head.status_code == answer.status_code
    for name in ("X-Error-Message", "X-Error-Code", "X-Repo-Commit"):
        assert head.get(name) == answer.get(name)


@pytest.mark.parametrize("url", EVERYWHERE)
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "options"])
def test_other_methods_are_refused_in_the_same_form(url: str, method: str) -> None:
    make_toy("v1", "config.json")
    answer = ask(method, url)
    assert answer.status_code in (401, 404, 405)
    assert answer.json() == {"error": answer["X-Error-Message"]}


@pytest.mark.parametrize("url", READS)
def test_times_end_in_a_literal_z(url: str) -> None:
    make_toy("v1", "config.json")

    def times(value: Any, name: str = "") -> list[str]:
        if isinstance(value, dict):
            return [each for key, inner in value.items() for each in times(inner, key)]
        if isinstance(value, list):
            return [each for inner in value for each in times(inner, name)]
        return [value] if name in ("date", "lastModified", "createdAt", "timestamp") else []

    found = times(ask("get", url).json())
    assert all(TIME.fullmatch(each) for each in found)
    assert found or not re.search("models$|revision|commits|expand|blobs", url)


@pytest.mark.parametrize("url", [f"{API}/tree/main?recursive=true&expand=True",
                                 f"{API}/commits/main?expand[]=formatted",
                                 "/api/models?search=toy&filter=toy&filter=transformers&full=True"])  # fmt: skip
def test_pages_are_linked_by_whole_addresses_that_repeat_what_was_asked(url: str) -> None:
    release = make_toy("v1", "config.json", "docs/a.txt", "docs/b.txt")
    for number in range(2, 4):
        add_file(other := type(release).objects.create(
            variant=release.variant, version=f"v{number}", licence_version=release.licence_version), "a")  # fmt: skip
        publish(other)
    whole = ask("get", url).json()
    pages, following = [], f"{url}&limit=2"
    while following:
        answer = ask("get", following)
        pages.append(answer.json())
        following = _next(answer)
        if following:
            assert following.startswith("http://testserver/")
            asked, repeated = parse_qs(urlsplit(url).query), parse_qs(urlsplit(following).query)
            assert asked.items() <= repeated.items()
    assert [each for page in pages for each in page] == whole
    assert all(len(page) <= 2 for page in pages)


def _next(answer: HttpResponse) -> str:
    link = re.fullmatch('<(.+)>; rel="next"', answer.get("Link", ""))
    return link.group(1) if link else ""


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "cursor=9" + "9" * 20, "cursor=%D9%A1", "limit=1.5"])
def test_a_number_that_is_none_is_a_bad_request(query: str) -> None:
    make_toy()
    for url in ("/api/models", f"{API}/tree/main", f"{API}/commits/main"):
        answer = ask("get", f"{url}?{query}")
        assert (answer.status_code, answer.get("X-Error-Code")) == (400, None)


@pytest.mark.parametrize("url", ["/api/models", API, f"{API}/tree/main", f"{API}/refs", f"{API}/commits/main"])
def test_more_parameters_than_anybody_reads_are_a_bad_request_in_the_protocols_form(url: str) -> None:
    make_toy()
    answer = ask("get", f"{url}?{'expand=downloads&' * 1_500}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
    assert answer.json() == {"error": answer["X-Error-Message"]}


@pytest.mark.parametrize("folder", ["a#b", "50%", "50%20", "a b", "ünë", "a;b&c=d+e"])
def test_pages_of_a_folder_are_linked_whatever_its_name(folder: str) -> None:
    make_toy("v1", f"{folder}/1", f"{folder}/2")
    first = ask("get", f"{API}/tree/main/{quote(folder, safe='')}?limit=1")
    assert [each["path"] for each in first.json()] == [f"{folder}/1"]
    assert [each["path"] for each in ask("get", _next(first)).json()] == [f"{folder}/2"]


def test_a_cursor_beyond_the_end_is_an_empty_page() -> None:
    make_toy()
    answer = ask("get", f"{API}/tree/main?cursor=999999999")
    assert (answer.json(), "Link" in answer) == ([], False)


@pytest.mark.parametrize(("text", "is_true"), [("true", True), ("True", True), ("TRUE", True), ("1", True),
                                               ("false", False), ("False", False), ("", False),
                                               ("x", False)])  # fmt: skip
def test_flags_are_read_in_any_case(text: str, is_true: bool) -> None:
    make_toy("v1", "docs/a.txt")
    paths = [each["path"] for each in ask("get", f"{API}/tree/main?recursive={text}").json()]
    assert ("docs/a.txt" in paths) == is_true
    assert ("size" in ask("get", f"{API}?blobs={text}").json()["siblings"][0]) == is_true
    assert ("lastCommit" in ask("get", f"{API}/tree/main?expand={text}").json()[0]) == is_true


@pytest.mark.parametrize("url", READS)
def test_unknown_parameters_and_headers_are_passed_over(url: str) -> None:
    make_toy("v1", "config.json")
    more = f"{url}{'&' if '?' in url else '?'}securityStatus=true&apps=ollama&x%00=%00&expand=downloads"
    headers = {"X-Amzn-Trace-Id": "a" * 36, "X-HF-Download-Counter": "1", "User-Agent": "unknown/None; hf_hub/0.36.0"}
    assert ask("get", more, **headers).status_code == 200


@pytest.mark.parametrize("url", EVERYWHERE)
def test_nothing_is_kept_by_caches_and_no_cookie_is_set(url: str) -> None:
    make_toy("v1", "config.json")
    answer = ask("get", url)
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies


def test_a_session_is_nobody_at_this_door() -> None:
    release, client = make_toy("v1", "config.json"), Client()
    ada = make_user("ada")
    make_grant(ada, release.variant.family)
    client.force_login(ada)
    assert client.get(FILE).status_code == 401
    assert client.get("/api/whoami-v2").status_code == 401


@pytest.mark.usefixtures("redis_server")
def test_too_many_requests_are_told_when_to_go_on(settings: Settings) -> None:
    cache.clear()
    make_toy("v1", "config.json")
    settings.HUB_REQUESTS_PER_5_MINUTES = 3
    secret, other = secret_of(make_user("ada")), secret_of(make_user("ben"))
    answers = [ask("get", API, secret) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    wait = int(answers[3]["Retry-After"])
    assert 1 <= wait <= WINDOW_SECONDS
    assert answers[3]["RateLimit"] == f'"api";r=0;t={wait}'
    assert answers[3]["RateLimit-Policy"] == f'"fixed window";"api";q=3;w={WINDOW_SECONDS}'
    limit = parse_ratelimit_headers({name: answers[3][name] for name in ("RateLimit", "RateLimit-Policy")})
    assert limit is not None
    assert (limit.remaining, limit.reset_in_seconds, limit.limit, limit.window_seconds) == (0, wait, 3, WINDOW_SECONDS)
    assert answers[3].json() == {"error": answers[3]["X-Error-Message"]}
    assert ask("get", API, other).status_code == 200  # each token for itself
    assert [ask("get", API).status_code for _ in range(4)] == [200, 200, 200, 429]  # and each address
    cache.clear()


def test_as_many_requests_are_allowed_as_a_large_snapshot_needs(settings: Settings) -> None:
    assert settings.HUB_REQUESTS_PER_5_MINUTES >= 1000


def test_without_the_counter_nobody_is_held_up(settings: Settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    settings.HUB_REQUESTS_PER_5_MINUTES = 0
    make_toy()
    assert ask("get", API).status_code == 200


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nX-Evil: 1", "a X-Evil: 1"),
        ("“quoted” – ‘so’…", "\"quoted\" - 'so'."),
        ("\u202egnp.exe \u00e9 \u732b", "gnp.exe ? ?"),
        ("a" * 5000, "a" * 1000),
        (" \t ", ""),
    ],
)
def test_what_stands_in_a_header_is_one_line_of_ascii(text: str, line: str) -> None:
    assert one_line(text) == line
