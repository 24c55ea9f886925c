"""Ten thousand altered, expired and foreign links, none of which the store answers with a single byte."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http.client import HTTPConnection
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import pytest
from django.conf import settings
from django.utils import timezone

from release.signers.chosen import weights_signer
from release.signers.s3 import S3Signer
from release.storage import jobs_store, weights_store

ATTACKS = 10_000
SECRET = b"the weights themselves"
KEYS = ["attacked/7b/v1/consolidated.00.pth", "attacked/7b/v1/params.json", "attacked/13b/v1/params.json"]


@dataclass(frozen=True)
class Asked:
    """One request, as it goes over the wire."""

    method: str
    host: str
    path: str
    query: list[tuple[str, str]]

    @property
    def target(self) -> str:
        return f"{self.path}?{urlencode(self.query, quote_via=quote)}"

    def with_value(self, name: str, value: str) -> Asked:
        return replace(self, query=[(key, value if key == name else old) for key, old in self.query])

    def value(self, name: str) -> str:
        return dict(self.query)[name]


Attack = Callable[[random.Random, Asked], Asked]


def signed(key: str, now: datetime, signer: S3Signer | None = None, seconds: int = 900) -> Asked:
    url = urlsplit((signer or weights_signer()).link(key, filename="x.bin", seconds=seconds, now=now))
    return Asked("GET", url.netloc, url.path, parse_qsl(url.query))


def another_key(chance: random.Random, asked: Asked) -> Asked:
    others = [key for key in KEYS if not asked.path.endswith(key)]
    return replace(asked, path=f"/{settings.S3_WEIGHTS_BUCKET}/{chance.choice(others)}")


def another_bucket(chance: random.Random, asked: Asked) -> Asked:
    bucket = chance.choice([settings.S3_JOBS_BUCKET, "none", "", "..", f"{settings.S3_WEIGHTS_BUCKET}x"])
    return replace(asked, path=asked.path.replace(settings.S3_WEIGHTS_BUCKET, bucket))


def a_letter_of_the_path(chance: random.Random, asked: Asked) -> Asked:
    place = chance.randrange(1, len(asked.path))
    letter = chance.choice([each for each in "abcxyz019_" if each != asked.path[place]])
    return replace(asked, path=asked.path[:place] + letter + asked.path[place + 1 :])


def a_detour(chance: random.Random, asked: Asked) -> Asked:
    end = chance.choice(["/", "/..", "/../params.json", "%00", "%2e%2e", ".bak", "/x", "?acl", "%20"])
    return replace(asked, path=asked.path + end)


def a_digit_of_the_signature(chance: random.Random, asked: Asked) -> Asked:
    old = asked.value("X-Amz-Signature")
    place = chance.randrange(len(old))
    digit = chance.choice([each for each in "0123456789abcdef" if each != old[place]])
    return asked.with_value("X-Amz-Signature", old[:place] + digit + old[place + 1 :])


def another_signature(chance: random.Random, asked: Asked) -> Asked:
    old = asked.value("X-Amz-Signature")
    made = ["", "0" * 64, old[:-1], old + "0", f"{chance.getrandbits(256):064x}", "\0", "null"]
    return asked.with_value("X-Amz-Signature", chance.choice(made))


def another_life(chance: random.Random, asked: Asked) -> Asked:
    seconds = chance.choice(["901", "604800", "604801", "0", "-1", "9" * 30, "x", "", "9e9", "900.0", "١٢٣"])
    return asked.with_value("X-Amz-Expires", seconds)


def another_date(chance: random.Random, asked: Asked) -> Asked:
    moved = timezone.now() + timedelta(seconds=chance.randrange(60, 10**6))
    made = [f"{moved:%Y%m%dT%H%M%SZ}", "20991231T235959Z", "", "today", "00000000T000000Z"]
    return asked.with_value("X-Amz-Date", chance.choice(made))


def another_credential(chance: random.Random, asked: Asked) -> Asked:
    parts = asked.value("X-Amz-Credential").split("/")
    place = chance.randrange(5)
    parts[place] = chance.choice(["", "x", "AKIAEXAMPLE", "20200101", "eu-north-1", "sts", "aws5_request"])
    return asked.with_value("X-Amz-Credential", "/".join(parts))


def other_terms(chance: random.Random, asked: Asked) -> Asked:
    name, value = chance.choice(
        [
            ("X-Amz-SignedHeaders", "host;range"), ("X-Amz-SignedHeaders", ""), ("X-Amz-Algorithm", "AWS4-HMAC-SHA1"),
            ("X-Amz-Algorithm", ""), ("response-content-disposition", "inline"), ("response-content-disposition", ""),
        ]
    )  # fmt: skip
    return asked.with_value(name, value)


def one_part_less(chance: random.Random, asked: Asked) -> Asked:
    gone = chance.choice(asked.query)
    return replace(asked, query=[pair for pair in asked.query if pair != gone])


def one_part_more(chance: random.Random, asked: Asked) -> Asked:
    name = chance.choice(["acl", "versionId", "response-content-type", "uploads", "partNumber", "X-Amz-Security-Token"])
    query = [*asked.query, (name, chance.choice(["", "1", "text/html", "null"]))]
    return replace(asked, query=query)


def another_method(chance: random.Random, asked: Asked) -> Asked:
    return replace(asked, method=chance.choice(["HEAD", "PUT", "DELETE", "POST"]))


def another_host(chance: random.Random, asked: Asked) -> Asked:
    return replace(asked, host=chance.choice(["evil.example", "localhost", "127.0.0.1", "weights.s3.amazonaws.com"]))


def expired(chance: random.Random, asked: Asked) -> Asked:
    key = asked.path.removeprefix(f"/{settings.S3_WEIGHTS_BUCKET}/")
    return signed(key, timezone.now() - timedelta(seconds=chance.randrange(902, 10**7)))


def foreign(chance: random.Random, asked: Asked) -> Asked:
    key, ours = asked.path.removeprefix(f"/{settings.S3_WEIGHTS_BUCKET}/"), weights_signer()
    assert isinstance(ours, S3Signer)
    secret = f"{chance.getrandbits(160):040x}"
    access = chance.choice([ours.access_key, "AKIAEXAMPLE", ""])
    return signed(key, timezone.now(), replace(ours, access_key=access, secret_key=secret))


KINDS: list[Attack] = [
    another_key, another_bucket, a_letter_of_the_path, a_detour, a_digit_of_the_signature, another_signature,
    another_life, another_date, another_credential, other_terms, one_part_less, one_part_more, another_method,
    another_host, expired, foreign,
]  # fmt: skip


@pytest.fixture(scope="module")
def stored(s3_server: str) -> str:
    for key in KEYS:
        weights_store().put_bytes(key, SECRET + key.encode())
    jobs_store().put_bytes(KEYS[0], SECRET)
    return s3_server


def answers(store: str, requests: list[tuple[str, Asked]]) -> list[tuple[str, Asked, int, bytes]]:
    """What the store says to each, over one connection for as long as it keeps it open."""
    connection = HTTPConnection(urlsplit(store).netloc, timeout=30)
    found = [(kind, asked, *answer(connection, asked)) for kind, asked in requests]
    connection.close()
    return found


def answer(connection: HTTPConnection, asked: Asked, *, again: bool = True) -> tuple[int, bytes]:
    """Status and body; once more where the store had closed the connection after its last answer."""
    try:
        connection.putrequest(asked.method, asked.target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", asked.host)
        if asked.method in ("PUT", "POST"):
            connection.putheader("Content-Length", "0")
        connection.endheaders()
        said = connection.getresponse()
        return said.status, said.read()
    except ConnectionError:
        connection.close()
        if not again:
            raise
        return answer(connection, asked, again=False)


def attacks(count: int) -> list[tuple[str, Asked]]:
    chance, now = random.Random(5), timezone.now()
    sound = [signed(key, now) for key in KEYS]
    kinds = [KINDS[n % len(KINDS)] for n in range(count)]
    return [(kind.__name__, kind(chance, chance.choice(sound))) for kind in kinds]


@pytest.mark.service
def test_ten_thousand_links_that_are_not_ours_are_refused(stored: str) -> None:
    requests = attacks(ATTACKS)
    slices = [requests[n::4] for n in range(4)]
    with ThreadPoolExecutor(4) as threads:
        found = [row for rows in threads.map(lambda part: answers(stored, part), slices) for row in rows]
    let_in = Counter(kind for kind, _asked, status, body in found if not 400 <= status < 500 or SECRET in body)
    assert len(found) == ATTACKS
    assert not let_in, [row[1:3] for row in found if row[0] in let_in][:5]
    for key in KEYS:  # none was altered or deleted, and a sound link still opens it
        [(_kind, _asked, status, body)] = answers(stored, [("sound", signed(key, timezone.now()))])
        assert (status, body) == (200, SECRET + key.encode())


SPANS = [
    "bytes=0-3", "bytes=5-", "bytes=-5", "bytes=10-99999999", "bytes=99999-", "bytes=9" + "9" * 30 + "-", "bytes=5-2",
    "bytes=a-b", "bytes=", "lines=1-2", "bytes=0-1,3-4", "bytes=--1", "x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("span", SPANS)
def test_a_range_gives_bytes_of_this_file_or_none(stored: str, span: str) -> None:
    """Stores differ in what they make of odd ones; none gives more than the file."""
    url = weights_signer().link(KEYS[1], filename="x", seconds=60, now=timezone.now())
    said = httpx.get(url, headers={"Range": span})
    assert said.status_code in ((206,) if span in SPANS[:2] else (200, 206, 400, 416, 431))
    assert said.status_code >= 400 or said.content in SECRET + KEYS[1].encode()


def test_a_link_says_how_the_file_is_saved(stored: str) -> None:
    """The link says it too, for objects that came into the store in another way; this store reads the object's word."""
    weights_store().put_bytes("attacked/named", b"x", filename="para ms.json")
    url = weights_signer().link("attacked/named", filename="para ms.json", seconds=60, now=timezone.now())
    said = 'attachment; filename="para ms.json"'
    assert httpx.get(url).headers["Content-Disposition"] == said
    assert dict(parse_qsl(urlsplit(url).query))["response-content-disposition"] == said
