"""Hostile, foreign and wrong addresses: always an answer in the protocol's form, never a fault."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from release.hub.names import is_name, split_revision, taken
from release.models import Mint
from tests.factories import make_grant, make_user
from tests.release.hub.asking import API, TOY, ask, make_toy, secret_of

pytestmark = pytest.mark.django_db

HOSTILE = {
    "dots": "..", "encoded dots": "%2e%2e", "climbing": "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "climbing bare": "../../etc",
    "NUL": "a%00b", "only NUL": "%00", "empty segments": "a//b", "a slash first": "%2Fconfig.json", "slash last": "a/",
    "backslash": "..%5C..%5Cconfig.json", "very long": "a" * 6000, "very deep": "a/" * 1500 + "a",
    "line break": "a%0d%0aX-Evil:%201", "tab": "a%09b", "no UTF-8": "%ff%fe", "half a surrogate": "%ed%a0%80",
    "twice encoded": "%252e%252e", "bidi": "%E2%80%AEgnp.exe", "markup": "%3Cscript%3Ealert(1)%3C/script%3E",
    "a quote": "%22%27%60", "semicolon": "a;b", "a question": "a%3Fb=c", "a hash": "a%23b", "per cent": "%25",
    "space": "%20", "emoji": "%F0%9F%98%80", "a drive": "C:%5Cconfig.json", "an address": "http://evil.example/config.json",
    "template": "%7B%7Bconfig%7D%7D", "SQL": "' OR 1=1 --", "glob": "*", "upper case": "CONFIG.JSON",
}  # fmt: skip
PLACES = {
    "organisation": ("get", "/api/models/{}/toy-1m"),
    "name": ("get", "/api/models/gatehouse/{}"),
    "organisation of a file": ("get", "/{}/toy-1m/resolve/main/config.json"),
    "name of a file": ("get", "/gatehouse/{}/resolve/main/config.json"),
    "revision": ("get", API + "/revision/{}"),
    "revision of a file": ("get", f"/{TOY}/resolve/{{}}/config.json"),
    "revision of a tree": ("get", API + "/tree/{}"),
    "revision of a folder": ("get", API + "/tree/{}/docs"),
    "revision of commits": ("get", API + "/commits/{}"),
    "revision of paths": ("post", API + "/paths-info/{}"),
    "path": ("get", f"/{TOY}/resolve/main/{{}}"),
    "path by HEAD": ("head", f"/{TOY}/resolve/main/{{}}"),
    "folder": ("get", API + "/tree/main/{}"),
    "rest of a model": ("get", API + "/{}"),
    "rest of the API": ("get", "/api/{}"),
    "data set": ("get", "/api/datasets/{}"),
    "page of a model": ("get", "/{}/toy-1m"),
    "page of a name": ("get", "/gatehouse/{}"),
    "page of a release": ("get", f"/{TOY}/tree/{{}}"),
    "file without an organisation": ("get", "/{}/resolve/main/config.json"),
}
PAGES = {"page of a model", "page of a name", "page of a release"}


@pytest.mark.parametrize(("method", "place"), PLACES.values(), ids=PLACES)
def test_hostile_addresses_are_refused_in_the_protocols_form(
    method: str, place: str, request: pytest.FixtureRequest
) -> None:
    make_toy("v1", "config.json", "docs/a.txt")
    ada = make_user("ada")
    secret = secret_of(ada)
    is_page = any(f"[{name}]" in request.node.name for name in PAGES)
    for name, text in HOSTILE.items():
        answer = ask(method, place.format(text), secret)
        assert 400 <= answer.status_code < 500 or (is_page and answer.status_code in (301, 302)), (name, answer)
        assert "X-Evil" not in answer, name
        if not is_page and answer.get("Content-Type") != "text/html; charset=utf-8":
            assert answer["X-Error-Message"].isascii(), name
            assert answer["X-Error-Message"].isprintable(), name
            assert len(answer["X-Error-Message"]) <= 1000, name
    assert not Mint.objects.exists()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_paths_find_no_file_for_whoever_may_have_all(text: str) -> None:
    release = make_toy("v1", "config.json", "docs/a.txt")
    ada = make_user("ada")
    make_grant(ada, release.variant.family)
    for method in ("get", "head"):
        answer = ask(method, f"/{TOY}/resolve/main/{text}", secret_of(ada))
        assert (answer.status_code, answer["X-Error-Code"]) == (404, "EntryNotFound")
        assert answer["X-Repo-Commit"] == release.commit
    assert not Mint.objects.exists()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_paths_are_left_out_of_paths_info(text: str) -> None:
    make_toy("v1", "config.json")
    client = Client(raise_request_exception=False)
    answer = client.post(
        API + "/paths-info/main", f"paths={text}&paths=config.json", "application/x-www-form-urlencoded"
    )
    assert (answer.status_code, [each["path"] for each in answer.json()]) == (200, ["config.json"])


@pytest.mark.parametrize(
    "address",
    ["/apply/toy", "/models/toy", "/grants/GR-1", "/office/grants", "/licences/mine", "/account/tokens", "/static/css",
     "/jobs/new", "/portal/v1", "/review/desk", "/access/why", "/api/models", "/.well-known/nothing"],
)  # fmt: skip
def test_addresses_of_the_site_are_not_taken_for_models(address: str) -> None:
    with suppress(Resolver404):
        assert "repo_page" not in str(resolve(address).func)


def test_pages_still_get_the_slash_that_they_end_in() -> None:
    make_toy()
    for address in ("/models/toy", "/models/toy/1m", "/licences/mine", "/office/grants"):
        answer = Client().get(address)
        assert (answer.status_code, answer["Location"]) == (301, address + "/")


@pytest.mark.parametrize("address", [API, f"{API}/refs", f"{API}/tree/main", "/api/whoami-v2", "/api/models",
                                     f"/{TOY}/resolve/main/config.json"])  # fmt: skip
@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_no_address_of_the_protocol_is_redirected_to_one_with_a_slash(address: str, method: str) -> None:
    make_toy("v1", "config.json")
    for url in (address, address + "/"):
        answer = ask(method, url)
        assert answer.status_code not in (301, 302, 307, 308)
        assert (answer.status_code < 400) == ("X-Error-Message" not in answer)
    assert ask("get", API + "/").status_code == 404


def test_the_sites_own_words_are_no_organisations() -> None:
    for word in ("models", "apply", "office", "account", "api", "datasets", "v1", "portal", "jobs", ".well-known"):
        assert word in taken()
    assert "gatehouse" not in taken()


@pytest.mark.parametrize(
    ("text", "fits"),
    [("toy-1m", True), ("A.b_c-d", True), ("a" * 96, True), ("a" * 97, False), ("-a", False), ("a.", False),
     ("a--b", False), ("a..b", False), ("a.git", False), ("", False), ("a b", False), ("\u00e9", False),
     ("a\n", False)],
)  # fmt: skip
def test_names_are_those_that_clients_take(text: str, fits: bool) -> None:
    assert is_name(text) == fits


@pytest.mark.parametrize(
    ("rest", "revision", "path"),
    [
        ("main/a/b", "main", "a/b"),
        ("main", "main", ""),
        ("refs/heads/main/a", "main", "a"),
        ("refs/tags/v1/a/b", "v1", "a/b"),
        ("refs/pr/1/a", "refs/pr/1", "a"),
        ("refs/pr", "refs", "pr"),
        ("", "", ""),
    ],
)
def test_revision_and_path_are_told_apart_without_the_encoded_slash(rest: str, revision: str, path: str) -> None:
    assert split_revision(rest) == (revision, path)
