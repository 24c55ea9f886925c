"""A few objects in the weights bucket on which a store is tried, and how it is asked by somebody with a link."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from django.conf import settings

from release.errors import StorageError
from release.signers.s3 import S3Signer
from release.storage import Store, weights_store

NAME, DATA = "a file.txt", b"0123456789" * 10
LINK_SECONDS = 60
NOBODY_WAITS_LONGER = 10  # seconds


@dataclass(frozen=True)
class Trial:
    """`key` names an object that is there, of these DATA and with the file name NAME; all keys begin with `prefix`."""

    store: Store
    prefix: str
    now: datetime

    @property
    def key(self) -> str:
        return f"{self.prefix}/object"

    def link(self, key: str = "", *, name: str = NAME, age: timedelta = timedelta()) -> str:
        """As licensees get it, made `age` ago."""
        signer = S3Signer(
            settings.S3_PUBLIC_ENDPOINT_URL or f"https://s3.{settings.S3_REGION}.amazonaws.com",
            settings.S3_WEIGHTS_BUCKET,
            settings.S3_REGION,
            settings.S3_SIGNER_ACCESS_KEY,
            settings.S3_SIGNER_SECRET_KEY,
        )
        return signer.link(key or self.key, filename=name, seconds=LINK_SECONDS, now=self.now - age)

    def get(self, url: str = "", **headers: str) -> httpx.Response:
        """What a client gets; raises httpx.HTTPError."""
        return httpx.get(url or self.link(), headers=headers, timeout=NOBODY_WAITS_LONGER)


@contextmanager
def trial(now: datetime) -> Iterator[Trial]:
    """The trial with its object; what it stored is deleted afterwards. Raises StorageError."""
    store = weights_store()
    made = Trial(store, f".gatehouse-check/{secrets.token_hex(8)}", now)
    store.put_bytes(made.key, DATA, "text/plain", filename=NAME)
    try:
        yield made
    finally:
        for name in ("object", "other", "parts", "joined", "written"):
            with suppress(StorageError):
                store.delete(f"{made.prefix}/{name}")
