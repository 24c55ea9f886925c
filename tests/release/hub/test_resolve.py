"""One file of one revision: the redirect, what is checked before it and in which order, and the texts for anybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from access_portal.accounts.models import User
from release.client.manifest import Layout
from release.hub import open_texts
from release.models import Artifact, Mint, Release
from release.storage import weights_store
from tests import environment
from tests.factories import make_grant, make_user
from tests.release import faulty_store
from tests.release.hub.asking import TOY, add_file, ask, make_toy, publish, secret_of

pytestmark = pytest.mark.django_db
BASE = f"/{TOY}/resolve"
SAME = ("X-Repo-Commit", "X-Linked-Etag", "X-Linked-Size", "ETag", "Accept-Ranges", "Cache-Control", "X-HF-Warning")


@pytest.fixture
def release() -> Release:
    return make_toy("v1", "config.json", "docs/use policy (final).txt")


@pytest.fixture
def ada(release: Release) -> User:
    user = make_user("ada")
    make_grant(user, release.variant.family)
    return user


@pytest.mark.parametrize("path", ["config.json", "params.json", "docs/use%20policy%20%28final%29.txt"])
@pytest.mark.parametrize("revision", ["main", "v1", "commit", "refs%2Fheads%2Fmain", "refs%2Ftags%2Fv1"])
def test_head_and_get_answer_alike_with_all_that_clients_read(
    release: Release, ada: User, revision: str, path: str
) -> None:
    url = f"{BASE}/{release.commit if revision == 'commit' else revision}/{path}"
    secret = secret_of(ada)
    head, get = ask("head", url, secret), ask("get", url, secret)
    row = release.artifacts.get(path=path.replace("%20", " ").replace("%28", "(").replace("%29", ")"))
    for answer in (head, get):
        assert answer.status_code == 302
        assert answer["X-Repo-Commit"] == release.commit
        assert answer["X-Linked-Etag"] == answer["ETag"] == f'"{row.git_sha1 or row.sha256}"'
        assert answer["X-Linked-Size"] == str(row.size_bytes)
        assert (answer["Accept-Ranges"], answer["Cache-Control"]) == ("bytes", "no-store")
        assert not {name.lower() for name in answer.headers} & {"x-xet-hash", "x-xet-refresh-route", "link"}
    assert {name: head.get(name) for name in SAME} == {name: get.get(name) for name in SAME}
    assert Mint.objects.filter(artifact=row, via=Mint.Via.HUB).count() == 2


def test_the_link_leads_to_another_origin_for_fifteen_minutes_and_without_the_token(
    release: Release, ada: User, settings: Settings
) -> None:
    secret = secret_of(ada)
    location = ask("head", f"{BASE}/main/params.json", secret)["Location"]
    link, query = urlsplit(location), parse_qs(urlsplit(location).query)
    assert link.scheme in ("http", "https")
    assert link.netloc
    assert link.netloc not in (urlsplit(settings.BASE_URL).netloc, "testserver")
    assert int(query["X-Amz-Expires"][0]) <= 900
    assert query["X-Amz-SignedHeaders"] == ["host"]
    assert 'attachment; filename="params.json"' in query["response-content-disposition"][0]
    assert secret not in location


ORDER: dict[str, tuple[str | None, str, int, str | None]] = {
    "token before repository": ("wrong", "/gatehouse/none/resolve/main/a", 401, None),
    "repository before revision": ("ben", "/gatehouse/none/resolve/v9/a", 404, "RepoNotFound"),
    "revision before gate": ("ben", f"{BASE}/v9/config.json", 404, "RevisionNotFound"),
    "revision before gate for strangers": (None, f"{BASE}/v9/config.json", 404, "RevisionNotFound"),
    "withdrawal before gate": ("ben", f"{BASE}/v2/config.json", 403, None),
    "withdrawal before gate for strangers": (None, f"{BASE}/v2/config.json", 403, None),
    "gate before entry": ("ben", f"{BASE}/v1/none.bin", 403, "GatedRepo"),
    "gate before entry for strangers": (None, f"{BASE}/v1/none.bin", 401, "GatedRepo"),
    "gate before a missing card": ("ben", f"{BASE}/v1/README.md", 403, "GatedRepo"),
    "entry last": ("ada", f"{BASE}/v1/none.bin", 404, "EntryNotFound"),
}


@pytest.mark.parametrize(("who", "url", "status", "code"), ORDER.values(), ids=ORDER)
@pytest.mark.parametrize("method", ["get", "head"])
def test_checks_come_in_one_order(
    release: Release, ada: User, who: str | None, url: str, status: int, code: str | None, method: str
) -> None:
    gone = Release.objects.create(variant=release.variant, version="v2", licence_version=release.licence_version)
    add_file(gone, "config.json")
    Release.objects.filter(pk=publish(gone).pk).update(state="withdrawn", withdrawn_reason="x")
    secrets = {"ada": secret_of(ada), "ben": secret_of(make_user("ben")), "wrong": "gh_wrong"}
    answer = ask(method, url, secrets[who] if who else None)
    assert (answer.status_code, answer.get("X-Error-Code")) == (status, code)
    assert not Mint.objects.exists()


def test_a_refusal_names_the_page_in_message_and_warning(release: Release) -> None:
    answer = ask("head", f"{BASE}/main/config.json", secret_of(make_user("ben")))
    page = "http://testserver/apply/toy/"
    assert answer["X-Error-Message"] == (
        f"Access to model {TOY} is restricted and you are not in the authorized list. You have no licence for Toy 1M. "
        f"Apply for one; every application is read by a person. Visit {page} to ask for access."
    )
    assert answer["X-HF-Warning"].startswith("gated; ")
    assert answer["X-HF-Warning"].endswith(f"Apply for access at {page}")


@pytest.mark.parametrize("method", ["get", "head"])
def test_long_reasons_do_not_push_the_page_out_of_the_header(release: Release, ada: User, method: str) -> None:
    ada.grants.update(state="suspended", state_reason="Being looked into. " * 200)
    answer = ask(method, f"{BASE}/main/config.json", secret_of(ada))
    page = "http://testserver/grants/"
    for name in ("X-Error-Message", "X-HF-Warning"):
        assert page in answer[name]
        assert len(answer[name]) <= 1000


def test_access_is_looked_at_anew_for_each_request(release: Release, ada: User) -> None:
    secret, url = secret_of(ada), f"{BASE}/main/config.json"
    assert ask("head", url, secret).status_code == 302
    ada.grants.update(state="suspended", state_reason="A leak.")
    assert ask("head", url, secret).status_code == 403
    ada.grants.update(state="active")
    assert ask("head", url, secret).status_code == 302


def test_what_a_day_gives_is_a_limit_that_says_when_it_opens(release: Release, ada: User) -> None:
    ada.grants.update(bytes_per_day=2)
    ask("head", f"{BASE}/main/params.json", secret_of(ada))
    answer = ask("head", f"{BASE}/main/config.json", secret_of(ada))
    assert (answer.status_code, answer.get("X-Error-Code")) == (429, None)
    seconds = int(answer["Retry-After"])
    opens = timezone.now() + timedelta(seconds=seconds)
    assert 0 < seconds <= 86_401
    assert opens.date() == (timezone.now() + timedelta(days=1)).date()
    assert answer["X-HF-Warning"] == f"quota; {answer['X-Error-Message']}"
    assert Mint.objects.count() == 1


def test_a_link_costs_as_many_queries_in_a_large_release(
    release: Release, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Token, model and file, one each; the others belong to the link."""
    secret, url = secret_of(ada), f"{BASE}/v1/config.json"
    ask("head", url, secret)
    with django_assert_max_num_queries(13) as few:
        ask("head", url, secret)
    for number in range(2, 12):
        other = Release.objects.create(
            variant=release.variant, version=f"v{number}", licence_version=release.licence_version
        )
        add_file(other, "config.json")
        publish(other)
    with django_assert_max_num_queries(len(few)):
        ask("head", url, secret)


# Texts for anybody


@pytest.fixture
def card(s3_server: str) -> Artifact:
    """A model card of ten bytes, in the store."""
    release = make_toy("v0")
    gone = Release.objects.create(variant=release.variant, version="v1", licence_version=release.licence_version)
    row = add_file(gone, "README.md", b"0123456789", layout=Layout.ANY, storage_key="cards/ten")
    weights_store().put_bytes("cards/ten", b"0123456789")
    publish(gone)
    return row


@pytest.mark.parametrize(
    ("asked", "status", "body", "told"),
    [
        ("", 200, b"0123456789", None),
        ("bytes=0-", 200, b"0123456789", None),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 200, b"0123456789", None),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=9-9", 206, b"9", "bytes 9-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=10-12", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=5-2", 416, b"", "bytes */10"),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("lines=0-1", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
        ("bytes=a-b", 200, b"0123456789", None),
        ("bytes=" + "9" * 50 + "-", 200, b"0123456789", None),
    ],
)
@pytest.mark.parametrize("method", ["get", "head"])
def test_parts_of_the_card_are_sent_as_asked(
    card: Artifact, method: str, asked: str, status: int, body: bytes, told: str | None
) -> None:
    answer = ask(method, f"{BASE}/main/README.md", None, **({"Range": asked} if asked else {}))
    assert (answer.status_code, answer.get("Content-Range")) == (status, told)
    assert answer.content == (b"" if method == "head" else body)
    assert answer["Content-Length"] == str(len(body))
    assert answer["X-Repo-Commit"] == card.release.commit
    assert "Content-Encoding" not in answer
    if status != 416:
        assert (answer["ETag"], answer["X-Linked-Size"]) == (f'"{card.git_sha1}"', "10")
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert not Mint.objects.exists()


def test_of_a_card_that_has_grown_in_the_store_no_more_is_read_than_it_has(card: Artifact, settings: Settings) -> None:
    """Anybody may ask for it, and its bytes pass through the memory of this process."""
    with faulty_store.before(environment.S3_PORT) as store:
        settings.S3_ENDPOINT_URL = store.url
        endless = faulty_store.Answer(200, {}, b"0123456789more", length=1 << 40)
        store.faults.append(lambda request, ask: endless if request.kind == "get" else None)
        assert ask("get", f"{BASE}/main/README.md").content == b"0123456789"
        assert ask("get", f"{BASE}/main/README.md", None, Range="bytes=2-4").content == b"234"


@pytest.mark.parametrize(("known", "status"), [("the same", 206), ('"another"', 200), ("W/", 200), ("date", 200)])
def test_a_part_is_sent_only_of_the_text_that_the_client_began_with(card: Artifact, known: str, status: int) -> None:
    """`main` may be another release by now, and two halves of two texts are neither."""
    tag = f'"{card.git_sha1}"'
    asked = {"the same": tag, "W/": f"W/{tag}", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}.get(known, known)
    answer = ask("get", f"{BASE}/main/README.md", None, **{"Range": "bytes=7-", "If-Range": asked})
    assert (answer.status_code, answer.content) == (status, b"789" if status == 206 else b"0123456789")


def test_the_card_of_a_withdrawn_release_is_gone_with_it(card: Artifact) -> None:
    Release.objects.filter(pk=card.release_id).update(state="withdrawn", withdrawn_reason="x")
    answer = ask("get", f"{BASE}/v1/README.md")
    assert (answer.status_code, answer.json()) == (403, {"error": "Access to this resource is disabled."})


def test_a_store_that_is_away_is_said_to_be(settings: Settings) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:1"
    release = make_toy("v0")
    other = Release.objects.create(variant=release.variant, version="v1", licence_version=release.licence_version)
    add_file(other, "README.md", layout=Layout.ANY)
    publish(other)
    assert ask("head", f"{BASE}/v1/README.md").status_code == 200
    answer = ask("get", f"{BASE}/v1/README.md")
    assert (answer.status_code, answer.json()["error"]) == (503, answer["X-Error-Message"])


@pytest.mark.parametrize(
    ("path", "more", "is_open"),
    [
        ("README.md", {}, True), ("LICENSE", {}, True), ("LICENSE.txt", {}, True), ("LICENCE.md", {}, True),
        ("USE_POLICY.md", {}, True), ("NOTICE", {}, True), ("docs/README.md", {}, False), ("readme.md", {}, False),
        ("README.md.pth", {}, False), ("README", {"layout": Layout.HF}, False), ("README.md\n", {}, False),
        ("README.md", {"layout": Layout.META}, False), ("LICENSE", {"size_bytes": 1024 * 1024}, True),
        ("LICENSE", {"size_bytes": 1024 * 1024 + 1}, False), ("params.json", {}, False), ("tokenizer.model", {}, False),
    ],
)  # fmt: skip
def test_only_small_texts_about_the_model_are_for_anybody(path: str, more: dict[str, Any], is_open: bool) -> None:
    assert open_texts.is_open(Artifact(**{"path": path, "size_bytes": 5, "layout": Layout.ANY, **more})) == is_open


# In a browser

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_browser_is_shown_the_gate_and_where_to_go(release: Release) -> None:
    answer = ask("get", f"{BASE}/main/config.json", None, **BROWSER)
    page = answer.content.decode()
    assert (answer.status_code, answer["X-Error-Code"]) == (401, "GatedRepo")
    assert answer["Content-Type"].startswith("text/html")
    assert "You are not signed in." in page
    assert 'href="/account/login/"' in page
    assert "not_signed_in" in page


@pytest.mark.parametrize("url", ["/gatehouse/none/resolve/main/a", f"{BASE}/v9/a"])
def test_a_browser_gets_the_protocols_answer_where_there_is_nothing(release: Release, url: str) -> None:
    assert ask("get", url, None, **BROWSER)["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("url", "page"),
    [
        (f"/{TOY}", "/models/toy/1m/"),
        (f"/{TOY}/tree/main", "/models/toy/1m/v1/"),
        (f"/{TOY}/tree/v1/docs", "/models/toy/1m/v1/"),
        (f"/{TOY}/blob/commit/config.json", "/models/toy/1m/v1/"),
        (f"/{TOY}/blob/refs%2Fheads%2Fmain/config.json", "/models/toy/1m/v1/"),
    ],
)
@pytest.mark.parametrize("method", ["get", "head"])
def test_addresses_of_the_hub_lead_to_the_pages_here(release: Release, url: str, page: str, method: str) -> None:
    answer = ask(method, url.replace("commit", release.commit), None, **BROWSER)
    assert (answer.status_code, answer["Location"]) == (302, page)


@pytest.mark.parametrize(
    "url", ["/gatehouse/none", f"/{TOY}/tree/v9", f"/{TOY}/blob/v9/a", "/gatehouse/none/tree/main"]
)
def test_pages_of_what_is_not_here_are_not_found(release: Release, url: str) -> None:
    answer = ask("get", url, None, **BROWSER)
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
