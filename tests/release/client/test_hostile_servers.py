"""Servers that answer in shapes that no server of ours has: nobody is shown a trace, and no token goes elsewhere."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from release.client import batches, device, shapes, signature
from release.client.errors import ClientError, NetworkError, SignatureError
from release.client.folder import ReleaseFolder
from release.client.selection import Wanted
from release.client.session import LARGEST_ANSWER, Portal
from tests.release.client.conftest import PACE, Runs
from tests.release.client.servers import TOKEN, Published, Servers, serving

JSON = "application/json"


@pytest.mark.parametrize("name", ["manifest_url", "signature_url", "keys_url"])
def test_the_token_goes_to_no_server_that_the_facts_name(fetch: Runs, servers: Servers, name: str) -> None:
    with serving(Published({"a": b"a"})) as other:
        servers.portal.facts = {name: f"x:{other.url}/models/llama/7b/v1/manifest.json"}
        with pytest.raises(ClientError):
            fetch()
        assert other.portal.asked == []


@pytest.mark.parametrize("kid", [[], {}, None, 7, True])
@pytest.mark.parametrize("part", [b"{}", b"[]"])
def test_a_signature_whose_key_has_no_name_is_refused(servers: Servers, kid: Any, part: bytes) -> None:
    head = json.dumps({"alg": signature.ALGORITHM, "kid": kid, "typ": signature.TYPE}).encode()
    parts = [base64.urlsafe_b64encode(each).rstrip(b"=") for each in (head, part, b"signature")]
    published = servers.portal.published
    with pytest.raises(SignatureError):
        signature.verify(published.manifest, b".".join(parts), published.keys)


@pytest.mark.parametrize("last", [[], {}, 7, None, ""])
def test_a_list_of_batches_whose_end_has_no_name_is_no_trace(servers: Servers, last: Any) -> None:
    page = {"data": [], "has_more": True, "last_id": last}
    servers.portal.answers["/v1/batches"] = (200, JSON, json.dumps(page).encode(), {})
    with Portal(servers.url, TOKEN) as portal:
        assert batches.listed(portal) == []


@pytest.mark.parametrize("count", [10**400, -1, True, 1.5, "7"])
def test_a_size_that_no_release_has_is_not_shown(servers: Servers, count: Any) -> None:
    row = {"model": "a/b", "latest": "v1", "releases": [{"version": "v1", "bytes": count}]}
    servers.portal.answers["/portal/v1/models"] = (200, JSON, json.dumps({"data": [row]}).encode(), {})
    with Portal(servers.url) as portal:
        assert shapes.models(portal)[0].bytes == 0


@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_answer_that_swells_fills_no_memory(servers: Servers, times: int) -> None:
    body = b" " * (8 * LARGEST_ANSWER)
    for _ in range(times):
        body = gzip.compress(body)
    coding = ", ".join(["gzip"] * times)
    servers.portal.answers["/portal/v1/models"] = (200, JSON, body, {"Content-Encoding": coding})
    tracemalloc.start()
    with Portal(servers.url) as portal, pytest.raises(NetworkError) as refused:
        shapes.models(portal)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.code == "answer_unreadable"
    assert most < 3 * LARGEST_ANSWER


@pytest.mark.parametrize("token", ["gh_secret\n\n x", "gh_se cret", "gh_ключ", "", "x" * 501])
def test_a_token_that_is_none_is_told_and_not_repeated(servers: Servers, token: str) -> None:
    codes = {"device_code": "d", "user_code": "U", "verification_uri": servers.url}
    servers.portal.answers["/portal/v1/device/codes"] = (200, JSON, json.dumps(codes).encode(), {})
    servers.portal.answers["/portal/v1/device/tokens"] = (200, JSON, json.dumps({"access_token": token}).encode(), {})
    with Portal(servers.url) as portal, pytest.raises(NetworkError) as refused:
        device.await_token(portal, device.ask(portal), wait=lambda seconds: None)
    assert (refused.value.code, "secret" in refused.value.explanation) == ("answer_unreadable", False)


@pytest.mark.parametrize("url", ["https://999.999.999.999/a", "https://localhost/" + "a" * 70_000])
def test_a_link_that_no_proxy_can_follow_is_no_trace(
    fetch: Runs, servers: Servers, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"path": path, "url": url} for path in servers.portal.published.files]
    links = "/portal/v1/releases/llama/7b/v1/links"
    servers.portal.answers[links] = (200, JSON, json.dumps({"links": rows}).encode(), {})
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(NetworkError):
        fetch(pace=replace(PACE, patience_seconds=0), layout=Wanted.ALL)


@pytest.mark.parametrize(("held", "told"), [("v2", True), ("v1", False), (None, False)])
def test_a_server_that_goes_back_to_another_version_does_not_do_so_silently(
    fetch: Runs, notices: Callable[[], str], held: str | None, told: bool
) -> None:
    fetch()
    folder = ReleaseFolder(fetch.root)
    folder.note({**folder.noted(), "version": held})
    fetch()
    assert ("holds v2; v1 takes its place" in notices()) == told
