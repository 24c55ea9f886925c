"""Uploads in parts that outlive the process that began them, and what of them can be used again."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError

from release.errors import ObjectMissingError, StorageError
from release.files import LocalFile
from release.fingerprint import Fingerprint
from release.models import Upload, UploadPart
from release.multipart import Multipart, StoredPart
from release.patience import patiently
from release.storage import PART_BYTES, Store, weights_store

log = structlog.get_logger(__name__)

ABANDONED_AFTER = timedelta(days=7)


def take_up(
    store: Store, key: str, file: LocalFile, known: Fingerprint, now: datetime
) -> tuple[Upload, dict[int, str]]:
    """The upload of this object, begun now or before, and the ETags of those of its parts that the store has.

    Two processes that send the same file share one upload: the key names the content, so both send the same bytes.
    """
    upload = Upload.objects.filter(storage_key=key).first()
    if upload is not None:
        etags = usable_parts(store, upload, file, known)
        if etags is not None:
            Upload.objects.filter(pk=upload.pk).update(began_at=now)  # so that it is not given up under way
            return upload, etags
        forget(upload)
    return _begin(store, key, file, now), {}


def usable_parts(store: Store, upload: Upload, file: LocalFile, known: Fingerprint) -> dict[int, str] | None:
    """Number and ETag of each part in the store that is, byte for byte, that part of the file.

    None when the upload can only be begun anew. The store's word for a part is an ETag. It counts where it is the MD5
    of our bytes, or where we noted that the store gave it for our bytes; any other part is sent again.
    """
    if upload.part_bytes != PART_BYTES:
        return None
    try:
        listed = patiently(lambda: Multipart(store, upload.storage_key).parts(upload.upload_id))
    except ObjectMissingError:
        return None
    noted = {part.number: part for part in upload.parts.all()}
    etags: dict[int, str] = {}
    for number, digest in enumerate(known.part_md5s, start=1):
        ours = noted.get(number)
        given = ours.etag if ours is not None and ours.md5 == digest.hex() else None
        if listed is None:
            etag = given
        else:
            etag = _etag_of_these(listed.get(number), {digest.hex(), given}, _part_size(file, number))
        if etag is not None:
            etags[number] = etag
    return etags


def _etag_of_these(found: StoredPart | None, good: set[str | None], size_bytes: int) -> str | None:
    if found is None or found.size_bytes != size_bytes or found.etag not in good:
        return None
    return found.etag


def note_part(upload: Upload, number: int, digest: bytes, etag: str) -> None:
    """Remember by which ETag the store knows these bytes."""
    with suppress(IntegrityError):  # another process that sends the same file has ended the upload
        UploadPart.objects.update_or_create(upload=upload, number=number, defaults={"md5": digest.hex(), "etag": etag})


def forget(upload: Upload) -> None:
    """It is over, well or not."""
    Upload.objects.filter(pk=upload.pk).delete()


def give_up(store: Store, upload: Upload) -> None:
    """Let the store forget the parts, then forget the upload; raises StoreUnavailableError."""
    with suppress(ObjectMissingError):
        Multipart(store, upload.storage_key).abort(upload.upload_id)
    forget(upload)


def give_up_due(now: datetime) -> int:
    """Give up what nobody took up again for a week: parts cost as much as files. Returns how many."""
    given_up = 0
    for upload in Upload.objects.filter(began_at__lte=now - ABANDONED_AFTER).order_by("began_at", "pk"):
        try:
            give_up(weights_store(), upload)
        except StorageError as error:
            log.warning("upload_not_given_up", key=upload.storage_key, error=str(error))
            continue
        given_up += 1
    return given_up


def _begin(store: Store, key: str, file: LocalFile, now: datetime) -> Upload:
    """A new upload, or the one of somebody who was a moment faster."""
    multipart = Multipart(store, key)
    upload_id = patiently(lambda: multipart.begin(file.content_type, file.name))
    upload, made = Upload.objects.get_or_create(
        storage_key=key, defaults={"upload_id": upload_id, "part_bytes": PART_BYTES, "began_at": now}
    )
    if not made:
        with suppress(StorageError):  # what is left then is a part of nothing; the store's own rule sweeps it
            multipart.abort(upload_id)
    return upload


def _part_size(file: LocalFile, number: int) -> int:
    return min(PART_BYTES, file.size_bytes - (number - 1) * PART_BYTES)
