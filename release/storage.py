"""The object store; the only module that imports boto3."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as BotoConnectionError
from django.conf import settings

from release.errors import ObjectMissingError, StoreUnavailableError
from release.parts import pipelined, regroup
from release.signers.signer import attachment

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

MIB = 1024 * 1024
PART_BYTES = 16 * MIB
PARTS_IN_FLIGHT = 6  # of one upload, so that it needs about 100 MB of memory
MOST_PARTS = 10_000
SMALLEST_COPIED_PART, LARGEST_COPIED_PART = 5 * MIB, 5 * 1024 * MIB  # what S3 allows for any part but the last
MISSING = {"NoSuchKey", "NoSuchUpload", "NotFound", "404"}
BEYOND_THE_END = {"InvalidRange", "416"}
PASSING = {"BadDigest", "RequestTimeout", "SlowDown", "ServiceUnavailable", "InternalError"}
TOO_MANY_REQUESTS, SERVER_ERROR, NOT_IMPLEMENTED = 429, 500, 501
OCTETS = "application/octet-stream"
_CONNECTING = Lock()


def weights_store(*, attempts: int = 3) -> Store:
    """Where the files of releases are; private, read by presigned links only."""
    return Store(settings.S3_WEIGHTS_BUCKET, attempts=attempts)


def jobs_store() -> Store:
    """Where the input and output files of inference jobs are."""
    return Store(settings.S3_JOBS_BUCKET)


def weights_store_as_signer() -> Store:
    """The same with the signer's credentials, which should be able to read and nothing else: to see that it is so."""
    return Store(settings.S3_WEIGHTS_BUCKET, attempts=1, as_signer=True)


def jobs_store_as_signer() -> Store:
    """The bucket in which the signer should be able to do nothing at all."""
    return Store(settings.S3_JOBS_BUCKET, attempts=1, as_signer=True)


@dataclass(frozen=True)
class Facts:
    """`etag` is without its quotes; on many stores it is an MD5, and nobody promises that."""

    size_bytes: int
    etag: str


class _CopyUnknownError(Exception):
    """The store cannot copy an object as a part of another."""


class Store:
    """One bucket; each request is sent `attempts` times at most, with a second or two between.

    Every method raises StoreUnavailableError when the store cannot be reached or refuses, and those that read raise
    ObjectMissingError. Nothing here relies on conditional writes or on ETags, which stores treat differently.
    """

    def __init__(self, bucket: str, *, attempts: int = 3, as_signer: bool = False) -> None:
        self.bucket = bucket
        self._attempts = attempts
        self._as_signer = as_signer

    @property
    def client(self) -> S3Client:
        """For `multipart.py`, which is the other half of this class."""
        return _client(attempts=self._attempts, as_signer=self._as_signer)

    def check(self) -> None:
        """Raise StoreUnavailableError unless the bucket answers soon."""
        with translated(self.bucket):
            _client(hurried=True).head_bucket(Bucket=self.bucket)

    def ensure_bucket(self) -> None:
        """Create the bucket where it is missing."""
        with translated(self.bucket):
            try:
                self.client.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if _code(error) not in {*MISSING, "NoSuchBucket"}:
                    raise
                self._create_bucket()

    def put_bytes(
        self, key: str, data: bytes, content_type: str = OCTETS, *, filename: str = "", md5: bytes | None = None
    ) -> str:
        """Store `data` and return its ETag; a browser that fetches it saves it as `filename`.

        A store that looks at `md5` refuses what was altered on its way there.
        """
        headers = stored_headers(content_type, filename) | content_md5(md5)
        with translated(key):
            return bare(self.client.put_object(Bucket=self.bucket, Key=key, Body=data, **headers)["ETag"])

    def put_file(self, key: str, path: Path, content_type: str = OCTETS, *, filename: str = "") -> None:
        """Store a file of any size; raises OSError when it cannot be read."""
        with path.open("rb") as file:
            chunks = iter(lambda: file.read(MIB), b"")
            self.put_stream(key, chunks, content_type, filename=filename, size_hint=path.stat().st_size)

    def put_stream(
        self, key: str, chunks: Iterable[bytes], content_type: str = OCTETS, *, filename: str = "", size_hint: int = 0
    ) -> None:
        """Store chunks as they come (a binary file will do), several parts at once; nothing when `chunks` raises.

        `size_hint`, in bytes, is needed beyond 160 GB, where parts have to be larger.
        """
        parts = regroup(chunks, max(PART_BYTES, size_hint // (MOST_PARTS - 1) + 1))
        first, second = next(parts, b""), next(parts, None)
        if second is None:
            self.put_bytes(key, first, content_type, filename=filename)
            return

        def send(upload_id: str, number: int, data: bytes) -> str:
            part = self.client.upload_part(
                Bucket=self.bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=data
            )
            return part["ETag"]

        self._put_parts(key, chain([first, second], parts), send, stored_headers(content_type, filename))

    def read(self, key: str) -> bytes:
        """The whole object in memory: for small ones."""
        with translated(key):
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """`length` bytes from `start`, however many come; a range beyond the object's end is refused by some stores."""
        found = bytearray()
        with translated(key):
            span = f"bytes={start}-{start + length - 1}"
            answer = self.client.get_object(Bucket=self.bucket, Key=key, Range=span)
            body = answer["Body"]
            try:
                chunks = body.iter_chunks(max(1, min(length, MIB)))
                for chunk in chunks if "ContentRange" in answer else _after(start, chunks):
                    found += chunk
                    if len(found) >= length:
                        break
            finally:
                body.close()
        return bytes(found[:length])

    def stream(self, key: str, chunk_bytes: int = MIB, *, start: int = 0) -> Iterator[bytes]:
        """The object in chunks, from byte `start` on; raises before the first one when it is missing.

        Nothing when `start` is its end or beyond.
        """
        with translated(key):
            try:
                answer = self.client.get_object(Bucket=self.bucket, Key=key, **_from(start))
            except ClientError as error:
                if start and _code(error) in BEYOND_THE_END:
                    return
                raise
            body = answer["Body"]
            try:
                chunks = body.iter_chunks(chunk_bytes)
                yield from chunks if "ContentRange" in answer else _after(start, chunks)
            finally:
                body.close()

    def size(self, key: str) -> int:
        """Size in bytes."""
        return self.facts(key).size_bytes

    def facts(self, key: str) -> Facts:
        """What the store says of an object, which need not be so."""
        with translated(key):
            answer = self.client.head_object(Bucket=self.bucket, Key=key)
            return Facts(answer["ContentLength"], bare(answer.get("ETag", "")))

    def exists(self, key: str) -> bool:
        """Whether there is such an object now."""
        try:
            self.size(key)
        except ObjectMissingError:
            return False
        return True

    def first_key(self, prefix: str) -> str | None:
        """The first of the keys that begin with `prefix`; None when there is none."""
        with translated(prefix):
            found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, MaxKeys=1).get("Contents", [])
            return found[0]["Key"] if found else None

    def delete(self, key: str) -> None:
        """Delete the object; a missing one is no error."""
        with translated(key):
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def concatenate(
        self, keys: Sequence[str], target_key: str, content_type: str = OCTETS, *, filename: str = ""
    ) -> None:
        """Join objects in order; inside the store where its limits on parts allow, else through this process."""
        sizes = [self.size(key) for key in keys]
        if _copyable(sizes) and self.joins_inside(keys, target_key, stored_headers(content_type, filename)):
            return
        chunks = chain.from_iterable(self.stream(key) for key in keys)
        self.put_stream(target_key, chunks, content_type, filename=filename, size_hint=sum(sizes))

    def _create_bucket(self) -> None:
        options: dict[str, Any] = {}
        if settings.S3_REGION != "us-east-1":  # the one region that must not be named
            options["CreateBucketConfiguration"] = {"LocationConstraint": settings.S3_REGION}
        try:
            self.client.create_bucket(Bucket=self.bucket, **options)
        except ClientError as error:
            if _code(error) != "BucketAlreadyOwnedByYou":  # another process was first
                raise

    def joins_inside(self, keys: Sequence[str], target_key: str, headers: dict[str, Any] | None = None) -> bool:
        """Let the store copy the objects as parts of one; False when it does not know how."""

        def copy(upload_id: str, number: int, key: str) -> str:
            part = self.client.upload_part_copy(
                Bucket=self.bucket,
                Key=target_key,
                UploadId=upload_id,
                PartNumber=number,
                CopySource={"Bucket": self.bucket, "Key": key},
            )
            # Some stores overlook the source, store an empty part, and so have no ETag to tell in the place for it.
            if "ETag" not in part["CopyPartResult"]:
                raise _CopyUnknownError
            return part["CopyPartResult"]["ETag"]

        try:
            self._put_parts(target_key, keys, copy, headers or {})
        except _CopyUnknownError:
            return False
        return True

    def _put_parts(
        self, key: str, parts: Iterable[Any], put: Callable[[str, int, Any], str], headers: dict[str, Any]
    ) -> None:
        """A multipart upload; `put(upload id, number, part)` stores one part and returns its ETag."""
        with translated(key):
            upload_id = self.client.create_multipart_upload(Bucket=self.bucket, Key=key, **headers)["UploadId"]
            try:
                tags = pipelined(lambda number, part: put(upload_id, number, part), parts, PARTS_IN_FLIGHT)
                done: list[CompletedPartTypeDef] = [
                    {"ETag": tag, "PartNumber": number} for number, tag in enumerate(tags, start=1)
                ]
                self.client.complete_multipart_upload(
                    Bucket=self.bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": done}
                )
            except BaseException:
                with suppress(ClientError, BotoCoreError):  # the first failure is the one to tell
                    self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)
                raise


def _copyable(sizes: Sequence[int]) -> bool:
    if not 1 < len(sizes) <= MOST_PARTS or sizes[-1] == 0 or max(sizes) > LARGEST_COPIED_PART:
        return False
    return all(size >= SMALLEST_COPIED_PART for size in sizes[:-1])


def _from(start: int) -> dict[str, Any]:
    return {"Range": f"bytes={start}-"} if start else {}


def _after(start: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What a store sends that overlooked the range: all of it, so the beginning is dropped here."""
    for chunk in chunks:
        if len(chunk) > start:
            yield chunk[start:]
        start = max(0, start - len(chunk))


def bare(etag: str) -> str:
    """An ETag without the quotes that belong to it in a header."""
    return etag.strip('"')


def content_md5(md5: bytes | None) -> dict[str, Any]:
    """The header by which a store finds what was altered on its way."""
    return {} if md5 is None else {"ContentMD5": b64encode(md5).decode()}


def stored_headers(content_type: str, filename: str) -> dict[str, Any]:
    headers = {"ContentType": content_type}
    if filename:
        headers["ContentDisposition"] = attachment(filename)
    return headers


@contextmanager
def translated(key: str) -> Iterator[None]:
    """boto's errors as ours."""
    try:
        yield
    except ClientError as error:
        if _code(error) in MISSING:
            raise ObjectMissingError(key) from error
        raise StoreUnavailableError(_code(error), key=key, passing=_passes(error)) from error
    except BotoCoreError as error:
        broken = isinstance(error, HTTPClientError | BotoConnectionError | IncompleteReadError)
        raise StoreUnavailableError(type(error).__name__, key=key, passing=broken) from error


def _passes(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == NOT_IMPLEMENTED:
        return False
    return status >= SERVER_ERROR or status == TOO_MANY_REQUESTS or _code(error) in PASSING


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _client(*, hurried: bool = False, attempts: int = 3, as_signer: bool = False) -> S3Client:
    with _CONNECTING:  # boto3 cannot make two clients at a time
        return _connect(
            settings.S3_ENDPOINT_URL,
            settings.S3_SIGNER_ACCESS_KEY if as_signer else settings.S3_ACCESS_KEY,
            settings.S3_SIGNER_SECRET_KEY if as_signer else settings.S3_SECRET_KEY,
            settings.S3_REGION,
            hurried,
            1 if hurried else attempts,
            os.getpid(),
        )


@lru_cache(maxsize=8)
def _connect(
    endpoint: str | None, access_key: str, secret_key: str, region: str, hurried: bool, attempts: int, process_id: int
) -> S3Client:
    """A client, made once in each process: a child must not go on with its parent's open connections."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=1 if hurried else 3,
            read_timeout=1 if hurried else 60,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=32,
            # S3's newer checksum trailers are unknown to many stores; releases are hashed by our own code instead.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
