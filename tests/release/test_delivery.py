"""Links against a real S3 server: they give the right bytes, and stop when they should."""

import hashlib
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings

from access_portal.accounts.models import User
from access_portal.errors import PermissionRefusedError
from access_portal.grants.models import Grant
from release.client_address import client_address
from release.delivery import Link, lifetime_seconds, mint
from release.models import Release
from release.signers.chosen import weights_signer
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


def test_an_expired_link_is_refused_by_the_store(published: Release) -> None:
    key, past = published.artifacts.get(path="params.json").storage_key, timezone.now() - timedelta(hours=1)
    url = weights_signer().link(key, filename="params.json", seconds=900, now=past)
    answer = httpx.get(url)
    assert (answer.status_code, "expired" in answer.text.lower()) == (403, True)


@pytest.mark.parametrize(
    ("left", "setting", "seconds"), [(86400, 900, 900), (86400, 60, 60), (300, 900, 300), (0.2, 900, 0), (9, 5, 5)]
)
def test_a_link_never_outlives_fifteen_minutes_the_setting_or_the_grant(
    db: None, settings: Settings, left: float, setting: int, seconds: int
) -> None:
    now = timezone.now().replace(microsecond=0)
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
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_address_is_what_our_own_outermost_proxy_saw(
    settings: Settings, proxies: int, forwarded: str, address: str | None
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="192.0.2.1")
    assert client_address(request) == address


def test_a_grant_revoked_in_the_middle_of_a_download_gives_no_further_link(
    ada: User, published: Release, folder: Path
) -> None:
    """What flows goes on, and the link in hand ends by itself; whoever comes back for the rest hears why."""
    whole = (folder / "consolidated.00.pth").read_bytes()
    link = _link(ada, published, "consolidated.00.pth")
    half = len(whole) // 2
    with httpx.stream("GET", link.url) as answer:
        chunks = answer.iter_bytes(half)
        first = next(chunks)
        Grant.objects.update(state="revoked", state_reason="It was passed on.")
        assert first + b"".join(chunks) == whole
    with pytest.raises(PermissionRefusedError) as refused:
        _link(ada, published, "consolidated.00.pth")
    assert refused.value.code == "grant_revoked"
    assert link.expires_at <= timezone.now() + timedelta(minutes=15)


def test_links_are_made_while_the_store_does_not_answer(db: None, settings: Settings) -> None:
    """Signing asks nobody: who downloads meanwhile meets the store's own 503, and comes again."""
    settings.S3_ENDPOINT_URL = settings.S3_PUBLIC_ENDPOINT_URL = "http://127.0.0.1:1"
    release = make_release()
    bea = make_grant(make_user("bea"), release.variant.family).holder
    assert _link(bea, release).url.startswith("http://127.0.0.1:1/")


def test_a_link_of_cloudfront_is_made_where_the_settings_say_so(db: None, settings: Settings) -> None:
    key = rsa.generate_private_key(65537, 2048)
    settings.DOWNLOAD_SIGNER, settings.CLOUDFRONT_URL = "cloudfront", "https://d1.example"
    settings.CLOUDFRONT_KEY_PAIR_ID = "K2EXAMPLE"
    settings.CLOUDFRONT_PRIVATE_KEY = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    release = make_release()
    bea = make_grant(make_user("bea"), release.variant.family).holder
    link = _link(bea, release)
    query = parse_qs(urlsplit(link.url).query)
    assert link.url.startswith("https://d1.example/gatehouse/toy-1m/v1/params.json?response-content-disposition=")
    assert (query["Key-Pair-Id"], int(query["Expires"][0])) == (["K2EXAMPLE"], int(link.expires_at.timestamp()))


@pytest.mark.parametrize(
    ("store", "starts"),
    [
        ("https://gatehouse.example/store", False),
        ("https://gatehouse.example:443", False),
        ("https://GATEHOUSE.example", False),
        ("https://gatehouse.example:9000", True),
        ("https://store.gatehouse.example", True),
    ],
)
def test_a_store_at_the_portals_own_address_stops_the_start(store: str, starts: bool) -> None:
    """Hub clients follow a link that stays at their portal with the token in hand, and by HEAD, which is not signed."""
    given = {"GATEHOUSE_BASE_URL": "https://gatehouse.example", "GATEHOUSE_S3_PUBLIC_ENDPOINT_URL": store}
    command = [sys.executable, "-c", "import access_portal.settings"]
    done = subprocess.run(command, env={**os.environ, **given}, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == starts
    assert starts or "GATEHOUSE_S3_PUBLIC_ENDPOINT_URL must" in done.stderr
