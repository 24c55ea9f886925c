"""The store against a real S3 server."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from release.errors import ObjectMissingError, StoreUnavailableError
from release.signers.chosen import weights_signer
from release.signers.s3 import S3Signer
from release.storage import MIB, PART_BYTES, Store, jobs_store, weights_store
from tests import environment
from tests.release import faulty_store
from tests.release.faulty_store import Answer, FaultyStore, Request, altered

pytestmark = pytest.mark.usefixtures("s3_server")


@pytest.fixture
def store() -> Store:
    return jobs_store()


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 5])
def test_what_is_put_as_a_file_is_read_back_whole(store: Store, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "file").write_bytes(data)
    store.put_file("whole/file", tmp_path / "file")
    assert store.size("whole/file") == size
    assert b"".join(store.stream("whole/file", 100_000)) == data


def test_a_range_is_read_from_the_middle(store: Store) -> None:
    store.put_bytes("range", b"0123456789")
    assert store.read_range("range", 3, 4) == b"3456"
    assert store.read_range("range", 8, 2) == b"89"


@pytest.fixture
def faulty(s3_server: str, settings: Settings) -> Iterator[FaultyStore]:
    with faulty_store.before(environment.S3_PORT) as found:
        settings.S3_ENDPOINT_URL = found.url
        yield found


def _whole(request: Request, answer: Answer) -> Answer:
    """As from a store that overlooks the range, of an object that has grown to a terabyte."""
    return Answer(200, {}, b"0123456789", length=1 << 40)


def _too_much(request: Request, answer: Answer) -> Answer:
    """A store that says it sends the range, and goes on and on."""
    return Answer(206, {"Content-Range": "bytes 3-6/10"}, b"34567890", length=1 << 40)


@pytest.mark.parametrize("lie", [_whole, _too_much])
def test_of_a_store_that_sends_more_than_the_range_no_more_than_that_is_read(
    store: Store, faulty: FaultyStore, lie: Callable[[Request, Answer], Answer]
) -> None:
    store.put_bytes("range", b"0123456789")
    faulty.faults.append(altered("get", lie))
    assert store.read_range("range", 3, 4) == b"3456"


def test_an_upload_whose_source_fails_stores_nothing(store: Store) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(PART_BYTES * 2)
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        store.put_stream("broken", broken())
    assert not store.exists("broken")


def test_missing_objects_are_told_apart_from_a_dead_store(store: Store, settings: Settings) -> None:
    for read in (store.read, store.size, lambda key: next(store.stream(key))):
        with pytest.raises(ObjectMissingError):
            read("nothing/here")
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    with pytest.raises(StoreUnavailableError):
        store.check()


def test_a_wrong_secret_is_a_store_that_refuses(store: Store, settings: Settings) -> None:
    settings.S3_SECRET_KEY = "wrong"
    with pytest.raises(StoreUnavailableError):
        store.put_bytes("x", b"")


def test_deleting_twice_is_no_error(store: Store) -> None:
    store.put_bytes("gone", b"x")
    store.delete("gone")
    store.delete("gone")
    assert not store.exists("gone")


@pytest.mark.parametrize(
    "sizes", [[5 * MIB, 6 * MIB, 3], [3, 5 * MIB], [10, 0, 20], [7], [5 * MIB, 0], [], [PART_BYTES + 1, 1]]
)
def test_objects_are_joined_in_order_whatever_their_sizes(store: Store, sizes: list[int]) -> None:
    pieces = [os.urandom(size) for size in sizes]
    keys = [f"piece/{number}" for number in range(len(sizes))]
    for key, piece in zip(keys, pieces, strict=True):
        store.put_bytes(key, piece)
    store.concatenate(keys, "joined", "application/jsonl")
    assert store.read("joined") == b"".join(pieces)


def test_joining_a_missing_piece_leaves_no_target(store: Store) -> None:
    store.put_bytes("here", b"x")
    with pytest.raises(ObjectMissingError):
        store.concatenate(["here", "not here"], "half")
    assert not store.exists("half")


def test_buckets_are_apart_and_made_once(store: Store) -> None:
    weights_store().ensure_bucket()
    weights_store().put_bytes("only/weights", b"x")
    assert not store.exists("only/weights")


def link_to(store: Store, key: str) -> str:
    signer = weights_signer()
    assert isinstance(signer, S3Signer)
    return replace(signer, bucket=store.bucket).link(key, filename="params.json", seconds=60, now=timezone.now())


def test_a_signed_link_reads_with_the_name_and_type_given_at_upload(store: Store) -> None:
    store.put_bytes("signed", b"{}", "application/json", filename='pär"ams.json')
    answer = httpx.get(link_to(store, "signed"))
    assert answer.content == b"{}"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_link_for_one_object_reads_no_other_and_writes_nothing(store: Store) -> None:
    store.put_bytes("mine", b"1")
    store.put_bytes("other", b"2")
    url = link_to(store, "mine")
    assert httpx.get(url).content == b"1"
    assert httpx.get(url.replace("/mine", "/other")).status_code == 403
    assert httpx.put(url, content=b"3").status_code == 403
    assert httpx.get(url.partition("?")[0]).status_code == 403
