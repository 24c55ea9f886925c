"""What we rely on in an object store, and what would be good to have, each with a way to try it.

Stores that speak S3 differ. A row that is `needed` and fails means that files would not arrive or would not be safe;
of any other, `otherwise` says what we do where it does not hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx

from release.contract.trial import DATA, NAME, Trial
from release.errors import ObjectMissingError, StoreUnavailableError
from release.multipart import Multipart
from release.storage import MIB

PART = 5 * MIB  # the smallest that S3 takes for any part but the last
REFUSED = (401, 403)
PARTIAL, NOT_MODIFIED, OK, BEYOND_THE_END = 206, 304, 200, 416


@dataclass(frozen=True)
class Row:
    """One line of the contract: `holds` returns whether it does; an error of the store means that it does not."""

    what: str
    holds: Callable[[Trial], bool]
    needed: bool = True
    otherwise: str = ""


def md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _stored_whole(trial: Trial) -> bool:
    return trial.store.read(trial.key) == DATA and trial.store.size(trial.key) == len(DATA)


def _reads_a_range(trial: Trial) -> bool:
    answer = trial.get(Range="bytes=3-6")
    return answer.status_code == PARTIAL and answer.content == b"3456" and "content-range" in answer.headers


def _resumes(trial: Trial) -> bool:
    answer = trial.get(Range="bytes=90-")
    return answer.status_code == PARTIAL and answer.content == DATA[90:]


def _knows_what_is_missing(trial: Trial) -> bool:
    try:
        trial.store.read(f"{trial.prefix}/nothing")
    except ObjectMissingError:
        return True
    return False


def _in_parts(trial: Trial) -> tuple[Multipart, str, dict[int, str]]:
    upload = Multipart(trial.store, f"{trial.prefix}/parts")
    upload_id = upload.begin("text/plain", NAME)
    etags = {number: upload.put(upload_id, number, data, md5(data)) for number, data in ((1, bytes(PART)), (2, DATA))}
    return upload, upload_id, etags


def _joins_parts(trial: Trial) -> bool:
    upload, upload_id, etags = _in_parts(trial)
    upload.complete(upload_id, etags)
    return trial.store.read(f"{trial.prefix}/parts") == bytes(PART) + DATA


def _lists_parts(trial: Trial) -> bool:
    upload, upload_id, etags = _in_parts(trial)
    listed = upload.parts(upload_id)
    upload.abort(upload_id)
    return listed is not None and {number: part.etag for number, part in listed.items()} == etags


def _forgets_what_is_aborted(trial: Trial) -> bool:
    upload, upload_id, etags = _in_parts(trial)
    upload.abort(upload_id)
    try:
        upload.complete(upload_id, etags)
    except ObjectMissingError:
        return True
    return False


def _names_by_md5(trial: Trial) -> bool:
    upload, upload_id, etags = _in_parts(trial)
    upload.complete(upload_id, etags)
    digests = [md5(bytes(PART)), md5(DATA)]
    whole = f"{md5(b''.join(digests)).hex()}-2"
    return (
        list(etags.values()) == [each.hex() for each in digests]
        and trial.store.facts(f"{trial.prefix}/parts").etag == whole
    )


def _refuses_altered(trial: Trial) -> bool:
    try:
        trial.store.put_bytes(f"{trial.prefix}/other", DATA, md5=md5(b"not these"))
    except StoreUnavailableError:
        return True
    return False


def _refuses_altered_parts(trial: Trial) -> bool:
    upload = Multipart(trial.store, f"{trial.prefix}/parts")
    upload_id = upload.begin("text/plain", NAME)
    try:
        upload.put(upload_id, 1, DATA, md5(b"not these"))
    except StoreUnavailableError:
        return True
    finally:
        upload.abort(upload_id)
    return False


def _joins_inside(trial: Trial) -> bool:
    part = trial.store
    part.put_bytes(f"{trial.prefix}/other", bytes(PART))
    return part.joins_inside([f"{trial.prefix}/other", trial.key], f"{trial.prefix}/joined")


def _link_reads(trial: Trial) -> bool:
    answer = trial.get()
    return answer.status_code == OK and answer.content == DATA


def _refused(answer: httpx.Response) -> bool:
    return answer.status_code in REFUSED and DATA not in answer.content


def _over(trial: Trial) -> bool:
    return _refused(trial.get(trial.link(age=timedelta(hours=1))))


def _altered(trial: Trial) -> bool:
    url = trial.link()
    return _refused(trial.get(url[:-1] + ("0" if url[-1] != "0" else "1")))


def _longer(trial: Trial) -> bool:
    return _refused(trial.get(trial.link().replace("X-Amz-Expires=60", "X-Amz-Expires=6000")))


def _for_another(trial: Trial) -> bool:
    trial.store.put_bytes(f"{trial.prefix}/other", DATA)
    return _refused(trial.get(trial.link().replace("/object?", "/other?")))


def _for_writing(trial: Trial) -> bool:
    refused = httpx.put(trial.link(), content=b"other").status_code in REFUSED
    return refused and trial.store.read(trial.key) == DATA


def _without_a_link(trial: Trial) -> bool:
    return _refused(trial.get(trial.link().partition("?")[0]))


def _listed_by_anybody(trial: Trial) -> bool:
    bucket = trial.link().partition("/.gatehouse-check/")[0]
    return trial.get(f"{bucket}?list-type=2").status_code in REFUSED


def _saved_name(trial: Trial) -> bool:
    return "a%20file.txt" in _disposition(trial, NAME) or "a file.txt" in _disposition(trial, NAME)


def _name_of_link(trial: Trial) -> bool:
    return "other.txt" in _disposition(trial, "other.txt")


def _disposition(trial: Trial, name: str) -> str:
    answer = trial.get(trial.link(name=name))
    return answer.headers.get("content-disposition", "") if answer.status_code == OK else ""


ROWS = (
    Row("what is stored is read back", _stored_whole),
    Row("a range is answered with 206 and those bytes", _reads_a_range),
    Row("a download can go on from where it broke off", _resumes),
    Row("what is not there is told apart from what failed", _knows_what_is_missing),
    Row("parts become one object", _joins_parts),
    Row("an upload that was given up cannot be completed", _forgets_what_is_aborted),
    Row("a link reads its object", _link_reads),
    Row("a link that is over is refused", _over),
    Row("a link that was altered is refused", _altered),
    Row("a link whose time was made longer is refused", _longer),
    Row("a link reads no other object", _for_another),
    Row("a link does not write", _for_writing),
    Row("nothing is read without a link", _without_a_link),
    Row("strangers cannot list the bucket", _listed_by_anybody),
    Row("a browser saves a file under its name", _saved_name),
    Row("a link can give the file another name", _name_of_link, needed=False,
        otherwise="the name that was stored with the file is used"),
    Row("parts that are there can be listed", _lists_parts, needed=False,
        otherwise="staging takes up an upload from its own record"),
    Row("ETags are MD5s", _names_by_md5, needed=False, otherwise="staging reads each file whole after it was sent"),
    Row("an object that was altered on its way is refused", _refuses_altered, needed=False,
        otherwise="staging reads it again and finds it"),
    Row("a part that was altered on its way is refused", _refuses_altered_parts, needed=False,
        otherwise="staging finds it by its ETag, or reads the whole file again"),
    Row("objects can be joined inside the store", _joins_inside, needed=False,
        otherwise="results of batches go through our process"),
    Row("a range beyond the end is answered with 416",
        lambda trial: trial.get(Range="bytes=1000-").status_code == BEYOND_THE_END, needed=False,
        otherwise="clients know each size from the manifest and ask for no such range"),
    Row("what has not changed is not sent again (If-None-Match)",
        lambda trial: trial.get(**{"If-None-Match": f'"{trial.store.facts(trial.key).etag}"'}).status_code
        == NOT_MODIFIED, needed=False, otherwise="our clients compare SHA-256 and do not ask"),
    Row("a range of what has changed is not sent (If-Range)",
        lambda trial: trial.get(**{"Range": "bytes=3-6", "If-Range": '"other"'}).status_code == OK, needed=False,
        otherwise="our client compares the hash of every file at the end"),
)  # fmt: skip
