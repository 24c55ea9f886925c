"""An upload in parts whose beginning and end may lie in different processes; the other half of `storage.Store`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from release.errors import StoreUnavailableError
from release.storage import Store, bare, content_md5, stored_headers, translated

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

UNKNOWN_TO_THE_STORE = {"NotImplemented", "MethodNotAllowed", "501", "405"}


@dataclass(frozen=True)
class StoredPart:
    """What the store says of a part that it has; `etag` is without its quotes."""

    size_bytes: int
    etag: str


class Multipart:
    """One object that comes in parts, numbered from 1.

    Methods raise StoreUnavailableError; those that name an upload raise ObjectMissingError when the store knows no such
    upload, because somebody ended it.
    """

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._where: dict[str, Any] = {"Bucket": store.bucket, "Key": key}
        self._key = key

    def begin(self, content_type: str, filename: str) -> str:
        """The store's name for a new upload."""
        with translated(self._key):
            headers = stored_headers(content_type, filename)
            return str(self._store.client.create_multipart_upload(**self._where, **headers)["UploadId"])

    def put(self, upload_id: str, number: int, data: bytes, md5: bytes) -> str:
        """Store one part, instead of what its number held before; returns its ETag."""
        with translated(self._key):
            part = self._store.client.upload_part(
                **self._where, UploadId=upload_id, PartNumber=number, Body=data, **content_md5(md5)
            )
            return bare(part["ETag"])

    def parts(self, upload_id: str) -> dict[int, StoredPart] | None:
        """The parts that the store has; None when it cannot tell."""
        try:
            return self._parts(upload_id)
        except StoreUnavailableError as error:
            if error.cause in UNKNOWN_TO_THE_STORE:
                return None
            raise

    def complete(self, upload_id: str, etags: Mapping[int, str]) -> None:
        """Make the object of these parts."""
        done: list[CompletedPartTypeDef] = [
            {"ETag": f'"{etags[number]}"', "PartNumber": number} for number in sorted(etags)
        ]
        with translated(self._key):
            self._store.client.complete_multipart_upload(
                **self._where, UploadId=upload_id, MultipartUpload={"Parts": done}
            )

    def abort(self, upload_id: str) -> None:
        """Let the store forget the parts."""
        with translated(self._key):
            self._store.client.abort_multipart_upload(**self._where, UploadId=upload_id)

    def _parts(self, upload_id: str) -> dict[int, StoredPart]:
        found: dict[int, StoredPart] = {}
        with translated(self._key):
            pages = self._store.client.get_paginator("list_parts").paginate(**self._where, UploadId=upload_id)
            for page in pages:
                for part in page.get("Parts", []):
                    found[part["PartNumber"]] = StoredPart(part["Size"], bare(part["ETag"]))
        return found
