"""Files on their way to the store: in parts, cut, taken up, before stores that answer badly."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from release.client.hashing import digests_of, file_chunks
from release.errors import ReleaseFilesError, StoreUnavailableError
from release.files import collect
from release.models import Upload, UploadPart
from release.multipart import Multipart
from release.sending import Known
from release.storage import PART_BYTES, weights_store
from release.uploads import ABANDONED_AFTER, give_up_due
from tests import environment
from tests.release import faulty_store
from tests.release.big_files import NOW, parts, send, write
from tests.release.faulty_store import FULL, NO_SUCH_UPLOAD, NOT_IMPLEMENTED, UNAVAILABLE, FaultyStore, altered, times

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server")]


@pytest.fixture
def store(s3_server: str, settings: Settings) -> Iterator[FaultyStore]:
    """What we talk to; nobody waits between two requests."""
    settings.STORE_RETRY_SECONDS = [0.0] * 4
    with faulty_store.before(environment.S3_PORT) as faulty:
        settings.S3_ENDPOINT_URL = faulty.url
        yield faulty


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "files", {"a.bin": parts(4), "b.bin": parts(2), "note.txt": 1000, "empty": 0})


def in_store(known: Known) -> bytes:
    return b"".join(weights_store().stream(known.key))


def assert_arrived(folder: Path, found: list[Known]) -> None:
    assert [known.file.path for known in found] == [file.path for file in collect(folder)]
    for known in found:
        assert in_store(known) == known.file.source.read_bytes(), known.file.path
    assert not Upload.objects.exists()


def test_every_file_arrives_whole_under_a_key_made_of_its_hash(store: FaultyStore, folder: Path) -> None:
    found = send(folder)
    assert_arrived(folder, found)
    for known in found:
        digests = digests_of(file_chunks(known.file.source))
        assert known.prints.digests == digests
        assert known.key == f"toy/model/{digests.sha256}/{known.file.name}"


def test_git_names_what_is_no_large_file_and_nothing_else(store: FaultyStore, folder: Path) -> None:
    names = {known.file.path: known.prints.git_sha1 for known in send(folder)}
    note = (folder / "note.txt").read_bytes()
    assert names["note.txt"] == hashlib.sha1(b"blob 1000\0" + note, usedforsecurity=False).hexdigest()
    assert names["empty"] == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # as Git itself names an empty file
    assert names["a.bin"] == names["b.bin"] == ""


def test_what_is_there_already_is_read_and_not_sent(store: FaultyStore, folder: Path) -> None:
    send(folder)
    store.seen.clear()
    passed: Counter[str] = Counter()
    assert_arrived(folder, send(folder, lambda path, size_bytes: passed.update({path: size_bytes})))
    assert passed == {"a.bin": parts(4), "b.bin": parts(2), "note.txt": 1000}
    assert not set(store.seen) & {"put", "part", "begin", "complete"}


def test_a_store_that_is_away_for_a_while_is_asked_again_and_the_run_goes_on(store: FaultyStore, folder: Path) -> None:
    for kind in ("get", "begin", "part", "put", "complete", "head"):
        store.faults.append(times(3, kind, UNAVAILABLE))
    assert_arrived(folder, send(folder))


def test_a_store_that_stays_away_is_given_up_and_the_next_run_sends_the_rest(store: FaultyStore, folder: Path) -> None:
    def after_three_parts(request: faulty_store.Request, ask: faulty_store.Ask) -> faulty_store.Answer | None:
        return UNAVAILABLE if request.kind == "part" and store.passed["part"] >= 3 else None

    store.faults.append(after_three_parts)
    with pytest.raises(StoreUnavailableError, match="SlowDown"):
        send(folder)
    kept = store.passed["part"]
    store.faults.clear()
    assert_arrived(folder, send(folder))
    assert store.passed["part"] == 6  # four and two parts, each once
    assert kept >= 3


def test_a_disk_of_the_store_that_is_full_is_told_and_nothing_is_half_there(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(3)})
    store.faults.append(
        lambda request, ask: FULL if request.kind == "part" and request.query["partNumber"] == ["3"] else None
    )
    with pytest.raises(StoreUnavailableError, match="InsufficientStorage"):
        send(folder)
    assert not weights_store().exists(Upload.objects.get().storage_key)
    store.faults.clear()
    assert_arrived(folder, send(folder))


@pytest.mark.parametrize("spoil", ["content", "missing", "short"])
def test_a_part_that_is_not_ours_is_sent_again_when_an_upload_is_taken_up(
    store: FaultyStore, tmp_path: Path, spoil: str
) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(3)})
    store.faults.append(lambda request, ask: UNAVAILABLE if request.kind == "complete" else None)
    with pytest.raises(StoreUnavailableError):
        send(folder)
    _spoil(Upload.objects.get(), spoil)
    store.faults.clear()
    store.passed.clear()
    assert_arrived(folder, send(folder))
    assert store.passed["part"] == 1


def _spoil(upload: Upload, how: str) -> None:
    """Change the second part behind our back, as the store keeps it."""
    multipart = Multipart(weights_store(), upload.storage_key)
    if how == "missing":
        folder = Path(environment.FOLDER) / "s3" / ".nanio" / "multipart" / upload.upload_id / "parts"
        (folder / "000002.bin").unlink()
        return
    data = bytes(PART_BYTES if how == "content" else 7)
    multipart.put(upload.upload_id, 2, data, hashlib.md5(data, usedforsecurity=False).digest())


def test_an_upload_that_the_store_forgot_is_begun_anew(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(2)})
    store.faults.append(times(9, "complete", UNAVAILABLE))
    with pytest.raises(StoreUnavailableError):
        send(folder)
    shutil.rmtree(Path(environment.FOLDER) / "s3" / ".nanio" / "multipart" / Upload.objects.get().upload_id)
    store.faults.clear()
    assert_arrived(folder, send(folder))


def test_a_store_that_knows_no_upload_that_it_is_asked_about_is_not_asked_for_ever(
    store: FaultyStore, tmp_path: Path
) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(2)})
    store.faults.append(times(9, "complete", UNAVAILABLE))
    with pytest.raises(StoreUnavailableError):
        send(folder)
    store.faults = [lambda request, ask: NO_SUCH_UPLOAD if request.kind == "parts" else None]
    store.seen.clear()
    assert_arrived(folder, send(folder))
    assert store.seen["begin"] == 1


def test_an_upload_that_the_store_forgets_while_its_parts_are_sent_is_begun_anew(
    store: FaultyStore, tmp_path: Path
) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(9), "b.bin": parts(2)})
    forgotten: list[str] = []

    def forget(request: faulty_store.Request, ask: faulty_store.Ask) -> faulty_store.Answer | None:
        if request.kind == "part" and request.query["partNumber"] == ["3"]:
            forgotten.append(request.query["uploadId"][0])
        return NO_SUCH_UPLOAD if request.query.get("uploadId") == forgotten[:1] else None

    store.faults.append(forget)
    assert_arrived(folder, send(folder))
    assert store.seen["begin"] == 3
    assert store.passed["part"] < 9 + 2 + 9, "nothing more is sent to an upload that is over"


def test_an_upload_that_was_taken_up_again_is_not_given_up_under_way(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(2)})
    store.faults.append(lambda request, ask: UNAVAILABLE if request.kind == "complete" else None)
    with pytest.raises(StoreUnavailableError):
        send(folder)
    Upload.objects.update(began_at=NOW - ABANDONED_AFTER)
    with pytest.raises(StoreUnavailableError):
        send(folder)
    assert give_up_due(NOW) == 0
    assert give_up_due(NOW + ABANDONED_AFTER) == 1


def _named_otherwise(request: faulty_store.Request, answer: faulty_store.Answer) -> faulty_store.Answer:
    """ETags that are no MD5, as where the store encrypts; it still knows which part has which."""
    name = next((name for name in answer.headers if name.lower() == "etag"), None)
    if name is not None:
        answer.headers[name] = f'"x{answer.headers[name][2:]}'
    answer.body = re.sub(rb'<ETag>("|&quot;)[0-9a-f]', rb"<ETag>\1x", answer.body)
    return answer


def test_without_md5s_for_etags_our_own_record_tells_which_parts_can_stay(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(3)})
    foreign = [altered("part", _named_otherwise), altered("parts", _named_otherwise)]
    store.faults = [lambda request, ask: UNAVAILABLE if request.kind == "complete" else None, *foreign]
    with pytest.raises(StoreUnavailableError):
        send(folder)
    assert UploadPart.objects.count() == 3
    assert all(part.etag.startswith("x") for part in UploadPart.objects.all())
    store.passed.clear()
    with pytest.raises(StoreUnavailableError):
        send(folder)
    assert store.passed["part"] == 0


def test_a_store_that_cannot_list_parts_is_resumed_from_our_own_record(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(3)})
    store.faults = [times(9, "complete", UNAVAILABLE)]
    with pytest.raises(StoreUnavailableError):
        send(folder)
    store.faults = [lambda request, ask: NOT_IMPLEMENTED if request.kind == "parts" else None]
    store.passed.clear()
    assert_arrived(folder, send(folder))
    assert store.passed["part"] == 0


def test_an_upload_that_another_process_completed_meanwhile_is_no_failure(store: FaultyStore, folder: Path) -> None:
    def completed_elsewhere(request: faulty_store.Request, ask: faulty_store.Ask) -> faulty_store.Answer | None:
        if request.kind != "complete":
            return None
        assert ask(request).status == 200
        return NO_SUCH_UPLOAD

    store.faults.append(completed_elsewhere)
    assert_arrived(folder, send(folder))


def test_an_upload_that_was_ended_without_an_object_is_told(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(2)})
    store.faults.append(lambda request, ask: NO_SUCH_UPLOAD if request.kind == "complete" else None)
    with pytest.raises(StoreUnavailableError, match="UploadEnded"):
        send(folder)
    store.faults.clear()
    assert_arrived(folder, send(folder))


def test_parts_that_the_store_will_not_join_are_given_up(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(2)})
    refusal = faulty_store.Answer(400, {}, b"<Error><Code>InvalidPart</Code><Message>No.</Message></Error>")
    store.faults.append(times(1, "complete", refusal))
    with pytest.raises(StoreUnavailableError, match="InvalidPart"):
        send(folder)
    assert not Upload.objects.exists()
    assert_arrived(folder, send(folder))


def _flip(body: bytes) -> bytes:
    content = bytearray(body)
    content[len(content) // 2] ^= 1
    return bytes(content)


def _altered_once(kind: str) -> faulty_store.Fault:
    """A network that flips a bit of what is sent, once."""
    left = [1]

    def fault(request: faulty_store.Request, ask: faulty_store.Ask) -> faulty_store.Answer | None:
        if request.kind != kind or not left:
            return None
        left.pop()
        return ask(faulty_store.Request(request.method, request.path, request.headers, _flip(request.body)))

    return fault


def test_what_was_altered_on_its_way_is_sent_again_where_the_store_looks(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": 1000})
    store.faults.append(_altered_once("put"))
    assert_arrived(folder, send(folder))
    assert store.passed["put"] == 2


def test_what_was_altered_on_its_way_is_named_where_the_store_does_not_look(store: FaultyStore, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(2)})
    store.faults.append(_altered_once("part"))
    with pytest.raises(ReleaseFilesError, match=r"a\.bin in the store is not what was sent"):
        send(folder)
    assert_arrived(folder, send(folder))


def test_a_store_that_lies_about_a_size_is_found_out(store: FaultyStore, folder: Path) -> None:
    def smaller(request: faulty_store.Request, answer: faulty_store.Answer) -> faulty_store.Answer:
        answer.headers["content-length"] = "5"
        return answer

    store.faults.append(altered("head", smaller))
    with pytest.raises(ReleaseFilesError) as refused:
        send(folder)
    assert refused.value.code == "stored_file_damaged"


def test_a_store_that_gives_other_bytes_than_it_says_it_has_is_found_by_a_sample(
    store: FaultyStore, tmp_path: Path
) -> None:
    folder = write(tmp_path / "files", {"a.bin": parts(2)})

    def others(request: faulty_store.Request, answer: faulty_store.Answer) -> faulty_store.Answer:
        return (
            faulty_store.Answer(answer.status, answer.headers, _flip(answer.body)) if answer.status == 206 else answer
        )

    store.faults.append(altered("get", others))
    with pytest.raises(ReleaseFilesError, match="not what was sent"):
        send(folder)
