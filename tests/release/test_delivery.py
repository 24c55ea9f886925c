"""Links against a real S3 server: they give the right bytes, and stop when they should."""

import hashlib
import html
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import botocore.auth
import httpx
import pytest
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from access_portal.accounts.models import User
from access_portal.accounts.tokens import issue_token
from release.client_address import client_address
from release.delivery import Link, lifetime_seconds, mint
from release.models import Release
from release.storage import weights_store
from tests.factories import make_grant, make_release, make_user


def _link(user: User, release: Release, path: str = "params.json") -> Link:
    return mint(actor=user, release=release, path=path, address=None, user_agent="", now=timezone.now())


@pytest.fixture
def ada(published: Release) -> User:
    user = make_user("ada")
    make_grant(user, published.variant.family)
    return user


def test_each_link_gives_the_bytes_that_were_published(ada: User, published: Release, folder: Path) -> None:
    for artifact in published.artifacts.all():
        link = _link(ada, published, artifact.path)
        answer = httpx.get(link.url)
        assert answer.content == (folder / artifact.path).read_bytes()
        assert hashlib.sha256(answer.content).hexdigest() == link.sha256
        assert len(answer.content) == link.size_bytes
        assert f'filename="{artifact.path}"' in answer.headers["Content-Disposition"]


def test_a_link_is_good_for_ranges(ada: User, published: Release, folder: Path) -> None:
    answer = httpx.get(_link(ada, published, "consolidated.00.pth").url, headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, (folder / "consolidated.00.pth").read_bytes()[10:20])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("X-Amz-Expires=", "X-Amz-Expires=9"),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ("params.json?", "params.jsom?"),
    ],
)
def test_an_altered_link_is_refused_by_the_store(ada: User, published: Release, old: str, new: str) -> None:
    url = _link(ada, published).url
    assert old in url
    assert httpx.get(url).status_code == 200
    assert httpx.get(url.replace(old, new)).status_code == 403


def test_a_link_for_one_file_opens_no_other(ada: User, published: Release) -> None:
    mine, other = _link(ada, published), published.artifacts.get(path="consolidated.00.pth")
    key = published.artifacts.get(path="params.json").storage_key
    assert httpx.get(mine.url.replace(key, other.storage_key)).status_code == 403


def test_an_expired_link_is_refused_by_the_store(published: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    key = published.artifacts.get(path="params.json").storage_key
    url = _signed_an_hour_ago(key, monkeypatch)
    answer = httpx.get(url)
    assert (answer.status_code, "expired" in answer.text.lower()) == (403, True)


def _signed_an_hour_ago(key: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The signer's clock set back, since nothing here waits for fifteen minutes."""
    past = timezone.now() - timedelta(hours=1)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *a, **k: past.replace(tzinfo=None), raising=True)
    return weights_store().presign_get(key, 900)


@pytest.mark.parametrize(
    ("left", "setting", "seconds"), [(86400, 900, 900), (86400, 60, 60), (300, 900, 300), (0.2, 900, 0), (9, 5, 5)]
)
def test_a_link_never_outlives_fifteen_minutes_the_setting_or_the_grant(
    db: None, settings: Settings, left: float, setting: int, seconds: int
) -> None:
    now = timezone.now()
    settings.DOWNLOAD_URL_SECONDS = setting
    grant = make_grant(make_user("ada"), make_release().variant.family, ends_at=now + timedelta(seconds=left))
    assert lifetime_seconds(grant, now) == seconds
    assert lifetime_seconds(grant, now) <= 900


def test_the_link_is_signed_for_the_address_that_people_reach(db: None, settings: Settings) -> None:
    settings.S3_PUBLIC_ENDPOINT_URL = "https://weights.example"
    settings.S3_SIGNER_ACCESS_KEY = "reader"
    ada, release = make_user("ada"), make_release()
    make_grant(ada, release.variant.family)
    url = urlsplit(_link(ada, release).url)
    query = parse_qs(url.query)
    assert (url.scheme, url.netloc) == ("https", "weights.example")
    assert query["X-Amz-Credential"][0].startswith("reader/")
    assert query["X-Amz-SignedHeaders"] == ["host"]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", None),
        (1, "<script>", None),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_address_is_what_our_own_outermost_proxy_saw(
    settings: Settings, proxies: int, forwarded: str, address: str | None
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="192.0.2.1")
    assert client_address(request) == address


@pytest.mark.service
def test_the_commands_on_the_page_work_as_printed(
    transactional_db: None, request: pytest.FixtureRequest, settings: Settings, live_server: LiveServer, tmp_path: Path
) -> None:
    published: Release = request.getfixturevalue("published")
    settings.BASE_URL = live_server.url
    ada = make_user("ada")
    make_grant(ada, published.variant.family)
    _, secret = issue_token(actor=ada, name="t", scopes=["download"], days=1, now=timezone.now())
    page = httpx.get(f"{live_server.url}/models/toy/1m/v1/").text
    done = subprocess.run(
        ["bash", "-ec", _commands(page)], cwd=tmp_path, env={"TOKEN": secret, "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == 4


def _commands(page: str) -> str:
    """What stands in the page's code blocks after the first, which reads the token from the keyboard."""
    blocks: list[str] = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)
    return html.unescape("\n".join(blocks[1:]))
