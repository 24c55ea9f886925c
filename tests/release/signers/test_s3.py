"""Our signature of S3 links is the one that Amazon's own library makes."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import botocore.auth
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from release.signers.s3 import S3Signer
from release.signers.signer import attachment

NOW = datetime(2026, 6, 1, 12, 30, 59, 999_999, UTC)
ENDPOINT = "https://store.example:9443"
ODD = ["a", "a/b.json", "a b", "a+b", "a%2Fb", "ä/日本 語.txt", "~t-._", "a//b", "/lead", "a/../b", "q?x=1&y", "#f",
       "a'(1)!*", "e=mc2", "a:b@c;d,e$", "tab\tand\nline", "\u202eevil", "😀" * 20]  # fmt: skip


def ours(key: str, endpoint: str = ENDPOINT, name: str = "file.bin", now: datetime = NOW, seconds: int = 900) -> str:
    return S3Signer(endpoint, "weights", "eu-west-3", "AKEXAMPLE", "s/e+c=ret").link(
        key, filename=name, seconds=seconds, now=now
    )


def theirs(key: str, endpoint: str, name: str) -> str:
    client: Any = boto3.client(
        "s3", endpoint_url=endpoint, region_name="eu-west-3", aws_access_key_id="AKEXAMPLE",
        aws_secret_access_key="s/e+c=ret", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )  # fmt: skip
    params = {"Bucket": "weights", "Key": key, "ResponseContentDisposition": attachment(name)}
    url: str = client.generate_presigned_url("get_object", Params=params, ExpiresIn=900)
    return url


@pytest.fixture(autouse=True)
def their_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *a, **k: NOW.replace(tzinfo=None))


def same(one: str, other: str) -> bool:
    """Address and every parameter: only the order of parameters is free."""
    left, right = urlsplit(one), urlsplit(other)
    return left[:3] == right[:3] and parse_qs(left.query) == parse_qs(right.query)


@pytest.mark.parametrize("key", ODD)
def test_links_are_those_of_botocore_for_odd_keys(key: str) -> None:
    assert same(ours(key), theirs(key, ENDPOINT, "file.bin"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(lambda key: key.strip("/") != ""))
def test_links_are_those_of_botocore_for_any_key(key: str) -> None:
    assert same(ours(key), theirs(key, ENDPOINT, "file.bin"))


@pytest.mark.parametrize("name", ["a b.txt", "ä.bin", 'q"uote.txt', "semi;colon", "日本.safetensors", "x" * 200])
def test_links_are_those_of_botocore_for_odd_names(name: str) -> None:
    assert same(ours("k", name=name), theirs("k", ENDPOINT, name))


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:9000", "https://store.example:443", "http://store.example:80", "http://store.example:443",
     "https://store.example/under/a/path", "http://[::1]:9000"],
)  # fmt: skip
def test_links_are_those_of_botocore_at_any_address(endpoint: str) -> None:
    assert same(ours("a b", endpoint), theirs("a b", endpoint, "file.bin"))


def test_the_secret_key_is_in_no_representation() -> None:
    assert "hush" not in repr(S3Signer(ENDPOINT, "weights", "r", "AK", "hush"))
