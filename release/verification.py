"""Does the store hold what the database promises? Every byte is read and hashed again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Lock

from release.client.hashing import Digests, digests_of
from release.client.wording import printable
from release.errors import ObjectMissingError, StorageError, StoreUnavailableError
from release.models import Artifact
from release.patience import pauses, wait_or_raise
from release.storage import Store, weights_store

Progress = Callable[[str, int], None]  # (path, bytes read or sent since the last call)


@dataclass(frozen=True)
class Damage:
    """A file that is not as promised; `problem` ends the sentence that its path begins."""

    path: str
    problem: str


def quiet(path: str, size_bytes: int) -> None:
    """The Progress that shows nothing."""


class Counted:
    """A Progress that adds up, and may be called by several threads; passes on what it is told to another one."""

    def __init__(self, shown: Progress) -> None:
        self._shown, self._lock = shown, Lock()
        self.size_bytes = 0

    def __call__(self, path: str, size_bytes: int) -> None:
        with self._lock:
            self.size_bytes += size_bytes
            self._shown(path, size_bytes)


def damages(artifacts: Iterable[Artifact], progress: Progress = quiet) -> Iterator[Damage]:
    """What is wrong with each file that is wrong.

    A store that is away for a moment is asked again; raises StoreUnavailableError when it stays away.
    """
    for artifact in artifacts:
        problem = problem_with(artifact, progress)
        if problem is not None:
            yield Damage(artifact.path, problem)


def problem_with(artifact: Artifact, progress: Progress = quiet) -> str | None:
    """What the store holds otherwise than promised, as the end of a sentence.

    A single file that the store refuses for good is a problem of that file. Raises StoreUnavailableError when it stays
    away, or refuses everything.
    """
    try:
        stored = stored_digests(artifact.storage_key, artifact.path, progress, most_bytes=artifact.size_bytes)
    except StoreUnavailableError as error:
        if error.passing or not _answers(weights_store()):
            raise
        return f"cannot be read, as the store refuses it ({printable(error.cause)})"
    if stored is None:
        return "is missing from the store"
    if stored.size_bytes > artifact.size_bytes:
        return f"has more bytes in the store than the {artifact.size_bytes:,} that it should have"
    if stored.size_bytes < artifact.size_bytes:
        return f"has {stored.size_bytes:,} bytes in the store instead of {artifact.size_bytes:,}"
    if stored.sha256 != artifact.sha256:
        return f"has SHA-256 {stored.sha256} in the store instead of {artifact.sha256}"
    return None


def _answers(store: Store) -> bool:
    try:
        store.check()
    except StorageError:
        return False
    return True


def stored_digests(key: str, path: str, progress: Progress = quiet, *, most_bytes: int) -> Digests | None:
    """Hashes of an object as the store gives it now; None when it has none.

    Reading ends soon after `most_bytes`: an object that is too long is not what it should be, however it goes on.
    """
    try:
        chunks = watched(steady_stream(weights_store(attempts=1), key), path, progress)
        return digests_of(_until_beyond(most_bytes, chunks))
    except ObjectMissingError:
        return None


def steady_stream(store: Store, key: str) -> Iterator[bytes]:
    """The object in chunks; where a connection breaks, the next one goes on.

    Raises ObjectMissingError, and StoreUnavailableError when no more comes for as long as our patience lasts.
    """
    position, waits = 0, pauses()
    while True:
        try:
            for chunk in store.stream(key, start=position):
                position += len(chunk)
                waits = pauses()
                yield chunk
            return
        except StoreUnavailableError as error:
            wait_or_raise(error, waits)


def watched(chunks: Iterable[bytes], path: str, progress: Progress) -> Iterator[bytes]:
    """The chunks, each told to `progress` as it passes."""
    for chunk in chunks:
        progress(path, len(chunk))
        yield chunk


def _until_beyond(most_bytes: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    passed = 0
    for chunk in chunks:
        yield chunk
        passed += len(chunk)
        if passed > most_bytes:
            return
