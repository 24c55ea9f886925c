"""Receives an upload onto disk, counting and hashing on the way; what is too large is dropped, not kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

from inference_worker.api.errors import ApiError
from inference_worker.commands import Upload

PART = "file"
ENVELOPE_BYTES = 64 * 1024  # what a form adds to the file in it


class HashingHandler(TemporaryFileUploadHandler):
    """Takes the one part named `file`; every other file of the form is passed over."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.too_large = False
        self.size_bytes = 0
        self.digest = hashlib.sha256()

    def new_file(self, field_name: str, *arguments: Any, **named: Any) -> None:
        if field_name != PART or self.size_bytes:
            raise SkipFile
        super().new_file(field_name, *arguments, **named)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.size_bytes += len(raw_data)
        if self.size_bytes > settings.MAX_FILE_BYTES:
            self.too_large = True
            raise SkipFile
        self.digest.update(raw_data)
        super().receive_data_chunk(raw_data, start)


def receive(request: HttpRequest) -> Upload:
    """The upload, on disk as long as the request lasts; raises ApiError."""
    if not (request.content_type or "").startswith("multipart/form-data"):
        raise ApiError(400, "invalid_request", "Send the file as multipart/form-data.")
    length = request.headers.get("Content-Length") or ""
    if length.isdigit() and int(length) > settings.MAX_FILE_BYTES + ENVELOPE_BYTES:
        raise _too_large()
    handler = HashingHandler(request)
    request.upload_handlers = [handler]
    file = request.FILES.get(PART)
    if handler.too_large:
        raise _too_large()
    if not isinstance(file, TemporaryUploadedFile):
        raise ApiError(
            400, "missing_required_parameter", "The form must have a part named file, with a file name.", PART
        )
    if not handler.size_bytes:
        raise ApiError(400, "invalid_value", "The file is empty.", PART)
    path = Path(file.temporary_file_path())
    return Upload(path, file.name or "", handler.size_bytes, handler.digest.hexdigest())


def _too_large() -> ApiError:
    return ApiError(413, "file_too_large", f"A file may have {settings.MAX_FILE_BYTES} bytes at most.", PART)
