"""Sending files to the store: several files and parts at once, in the memory of a few parts, and never twice.

Threads hash, read and send; the database is asked by the calling thread alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import md5
from secrets import randbelow

from django.utils.translation import gettext as _

from release.errors import ObjectMissingError, ReleaseFilesError, StoreUnavailableError
from release.files import LocalFile
from release.fingerprint import Fingerprint, fingerprint, opened, read_part, read_range
from release.models import Upload
from release.multipart import Multipart
from release.parts import pipelined
from release.patience import patiently
from release.storage import PARTS_IN_FLIGHT, Store, weights_store
from release.uploads import forget, give_up, note_part, take_up
from release.verification import Counted, Progress, stored_digests

FILES_AT_ONCE = 3  # that are hashed, or read again, at the same time
SAMPLES, SAMPLE_BYTES = 16, 64 * 1024  # read again of a file whose parts the store knows by their MD5


@dataclass(frozen=True)
class Known:
    """A file, all hashes of it, and the key under which the store has it or will."""

    file: LocalFile
    prints: Fingerprint
    key: str
    is_stored: bool


@dataclass
class Sending:
    """A file on its way: by which ETag the store knows each part that it has. `upload` is None for one of one part."""

    known: Known
    upload: Upload | None = None
    etags: dict[int, str] = field(default_factory=dict)
    is_finished: bool = False
    was_lost: bool = False  # the store knows the upload no more: somebody ended it, perhaps by completing it

    @property
    def parts(self) -> int:
        return len(self.known.prints.part_md5s)

    @property
    def missing(self) -> list[int]:
        return [number for number in range(1, self.parts + 1) if number not in self.etags]


def bring_in(files: Sequence[LocalFile], prefix: str, now: datetime, progress: Progress) -> list[Known]:
    """Have every file in the store, whole, under `prefix/SHA-256/name`, so that nothing there is ever overwritten.

    What is there already is read again and not sent; an upload that was cut is taken up where it was. `progress` hears
    of bytes that are sent, or read from the store. Raises ReleaseFilesError and StoreUnavailableError; what was sent
    until then need not be sent again.
    """
    store, counted = weights_store(attempts=1), Counted(progress)
    known: list[Known] = []
    sent: dict[str, Sending] = {}

    def missing_parts() -> Iterator[tuple[Sending, int]]:
        for each in pipelined(lambda _, file: _look(file, prefix, counted), files, FILES_AT_ONCE):
            known.append(each)
            if not each.is_stored and each.key not in sent:
                sent[each.key] = sending = _begin(store, each, now)
                yield from ((sending, number) for number in sending.missing)
                _finish_if_whole(store, sending)

    _send_parts(store, missing_parts(), counted)
    _send_parts(store, _lost_parts(store, sent, now), counted)
    for _each in pipelined(lambda _, sending: _require_arrival(store, sending), list(sent.values()), FILES_AT_ONCE):
        pass
    return known


def _send_parts(store: Store, parts: Iterable[tuple[Sending, int]], progress: Progress) -> None:
    """Send these parts of files, and end the upload of each file that then has all of its parts."""

    def send(_: int, part: tuple[Sending, int]) -> tuple[Sending, int, str | None]:
        sending, number = part
        return sending, number, None if sending.was_lost else _send(store, sending, number, progress)

    for sending, number, etag in pipelined(send, parts, PARTS_IN_FLIGHT):
        _note(sending, number, etag)
        _finish_if_whole(store, sending)


def _lost_parts(store: Store, sent: dict[str, Sending], now: datetime) -> Iterator[tuple[Sending, int]]:
    """All parts of files whose upload the store forgot without having made an object of it, each begun anew, once."""
    for key, lost in list(sent.items()):
        if lost.was_lost and not _is_there(store, key):
            sent[key] = sending = _begin(store, lost.known, now)
            yield from ((sending, number) for number in sending.missing)


def _is_there(store: Store, key: str) -> bool:
    return patiently(lambda: store.exists(key))


def _look(file: LocalFile, prefix: str, progress: Progress) -> Known:
    """Hash the file, and see whether the store has it whole."""
    prints = fingerprint(file)
    key = f"{prefix}/{prints.digests.sha256}/{file.name}"
    stored = stored_digests(key, file.path, progress, most_bytes=file.size_bytes)
    return Known(file, prints, key, is_stored=stored == prints.digests)


def _begin(store: Store, known: Known, now: datetime) -> Sending:
    if len(known.prints.part_md5s) == 1:
        return Sending(known)
    upload, etags = take_up(store, known.key, known.file, known.prints, now)
    return Sending(known, upload, etags)


def _send(store: Store, sending: Sending, number: int, progress: Progress) -> str | None:
    """The ETag of a part that is now in the store; None when the store knows the upload no more."""
    known, upload = sending.known, sending.upload
    data, digest = read_part(known.file, number, known.prints), known.prints.part_md5s[number - 1]
    if upload is None:
        kind, name = known.file.content_type, known.file.name
        etag = patiently(lambda: store.put_bytes(known.key, data, kind, filename=name, md5=digest))
    else:
        upload_id = upload.upload_id
        try:
            etag = patiently(lambda: Multipart(store, known.key).put(upload_id, number, data, digest))
        except ObjectMissingError:
            return None
    progress(known.file.path, len(data))
    return etag


def _note(sending: Sending, number: int, etag: str | None) -> None:
    if etag is None:
        sending.was_lost = True
    sending.etags[number] = etag or ""
    if sending.upload is not None and etag is not None:
        note_part(sending.upload, number, sending.known.prints.part_md5s[number - 1], etag)


def _finish_if_whole(store: Store, sending: Sending) -> None:
    """Make one object of the parts once the store has all of them."""
    upload = sending.upload
    if upload is None or sending.missing or sending.is_finished:
        return
    sending.is_finished = True
    try:
        if not sending.was_lost:
            patiently(lambda: Multipart(store, upload.storage_key).complete(upload.upload_id, sending.etags))
    except ObjectMissingError:
        sending.was_lost = True
    except StoreUnavailableError as error:
        if not error.passing:  # it does not take these parts, and would not take them the next time
            give_up(store, upload)
        raise
    forget(upload)


def _require_arrival(store: Store, sending: Sending) -> None:
    """Raises ReleaseFilesError unless the store has the very file.

    Where it knew every part, and then the whole, by the MD5 of our bytes, its size and samples are enough: each part
    was compared when it came, and the whole release is read again before it is published. Else all of it is read now.
    """
    known = sending.known
    try:
        facts = patiently(lambda: store.facts(known.key))
    except ObjectMissingError:
        raise StoreUnavailableError("UploadEnded", key=known.key, passing=True) from None
    whole = facts.size_bytes == known.file.size_bytes
    if sending.parts > 1 and not sending.was_lost and facts.etag == _expected_etag(sending):
        whole = whole and _samples_agree(store, known)
    else:
        stored = stored_digests(known.key, known.file.path, most_bytes=known.file.size_bytes)
        whole = whole and stored == known.prints.digests
    if not whole:
        raise ReleaseFilesError(
            "stored_file_damaged",
            _("%s in the store is not what was sent.") % known.file.path,
            _("Try again, and look at the store if that does not help: it altered or lost what it was given."),
            path=known.file.path,
        )


def _expected_etag(sending: Sending) -> str | None:
    """What stores that make ETags of MD5s say of the whole; None when the ETag of a part was another."""
    digests = sending.known.prints.part_md5s
    if any(sending.etags[number] != digest.hex() for number, digest in enumerate(digests, start=1)):
        return None
    return f"{md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}"


def _samples_agree(store: Store, known: Known) -> bool:
    """Compare the first and last bytes, and some of parts in between, with the file as it is here."""
    last = known.file.size_bytes - SAMPLE_BYTES
    starts = {0, last, *(min(last, randbelow(known.file.size_bytes)) for _ in range(SAMPLES - 2))}
    with opened(known.file) as source:
        return all(
            patiently(lambda start=start: store.read_range(known.key, start, SAMPLE_BYTES))  # type: ignore[misc]
            == read_range(source, start, SAMPLE_BYTES)
            for start in sorted(starts)
        )
