"""Does the store hold what the database promises? Every byte is read and hashed again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from release.client.hashing import Digests, digests_of
from release.errors import ObjectMissingError
from release.models import Artifact
from release.storage import weights_store

Progress = Callable[[str, int], None]  # (path, bytes read or sent since the last call)


@dataclass(frozen=True)
class Damage:
    """A file that is not as promised; `problem` ends the sentence that its path begins."""

    path: str
    problem: str


def quiet(path: str, size_bytes: int) -> None:
    """The Progress that shows nothing."""


def damages(artifacts: Iterable[Artifact], progress: Progress = quiet) -> Iterator[Damage]:
    """What is wrong with each file that is wrong; raises StoreUnavailableError when the store does not answer."""
    for artifact in artifacts:
        stored = stored_digests(artifact.storage_key, artifact.path, progress)
        if stored is None:
            yield Damage(artifact.path, "is missing from the store")
        elif stored.size_bytes != artifact.size_bytes:
            yield Damage(
                artifact.path, f"has {stored.size_bytes:,} bytes in the store instead of {artifact.size_bytes:,}"
            )
        elif stored.sha256 != artifact.sha256:
            yield Damage(artifact.path, f"has SHA-256 {stored.sha256} in the store instead of {artifact.sha256}")


def stored_digests(key: str, path: str, progress: Progress = quiet) -> Digests | None:
    """Hashes of an object as the store gives it now; None when it has none."""
    try:
        return digests_of(watched(weights_store().stream(key), path, progress))
    except ObjectMissingError:
        return None


def watched(chunks: Iterable[bytes], path: str, progress: Progress) -> Iterator[bytes]:
    """The chunks, each told to `progress` as it passes."""
    for chunk in chunks:
        progress(path, len(chunk))
        yield chunk
