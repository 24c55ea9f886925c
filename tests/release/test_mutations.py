"""A thousand single bytes changed, spread over a release's files, its manifest and its signature: all are found."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from release.client import manifest
from release.client.errors import ClientError
from release.client.signature import verify
from release.models import Release
from release.publisher_keys import published_keys
from release.verification import problem_with
from tests.release.publishing.scenes import damage
from tests.release.publishing.scenes import published as small

pytestmark = pytest.mark.django_db
SEED = 20_260_601
IN_FILES, IN_MANIFEST, IN_SIGNATURE, IN_STORE = 700, 150, 100, 50


def one_byte_changed(content: bytes, luck: random.Random) -> bytes:
    """At a place and by a difference that `luck` chooses: any of the 255 others, not only a flipped bit."""
    place = luck.randrange(len(content))
    changed = content[place] ^ luck.randrange(1, 256)
    return content[:place] + bytes([changed]) + content[place + 1 :]


def refused(manifest_bytes: bytes, signature: bytes) -> bool:
    """Whether whoever has only our public keys refuses them, the way in which a client looks."""
    try:
        said = verify(manifest_bytes, signature, json.dumps(published_keys()).encode())
        read = manifest.decode(manifest_bytes)
    except ClientError:
        return True
    return (said.model, said.version) != (read.model, read.version)


def test_what_was_published_is_not_refused(published: Release, folder: Path) -> None:
    encoded, signature = published.manifest.encode(), published.signature.encode()
    assert not refused(encoded, signature)
    assert not list(manifest.differences(manifest.decode(encoded), folder))


def test_each_changed_byte_of_a_file_is_found_and_the_file_named(published: Release, folder: Path) -> None:
    told, luck = manifest.decode(published.manifest.encode()), random.Random(SEED)
    names = [file.path for file in told.files]
    missed = [
        n for n in range(IN_FILES) if _found(told, folder, names[n % len(names)], luck) != [names[n % len(names)]]
    ]
    assert not missed


def _found(told: manifest.Manifest, folder: Path, name: str, luck: random.Random) -> list[str]:
    """The files that are told to differ, once a byte of this one is changed."""
    path = folder / name
    sound = path.read_bytes()
    path.write_bytes(one_byte_changed(sound, luck))
    try:
        only = manifest.Manifest(told.model, told.version, told.licence, tuple(f for f in told.files if f.path == name))
        return [difference.path for difference in manifest.differences(only, folder)]
    finally:
        path.write_bytes(sound)


@pytest.mark.parametrize(
    ("count", "change"),
    [
        (IN_MANIFEST, lambda release, luck: (one_byte_changed(release.manifest.encode(), luck), release.signature)),
        (IN_SIGNATURE, lambda release, luck: (release.manifest, one_byte_changed(release.signature.encode(), luck))),
    ],
    ids=["manifest", "signature"],
)
def test_each_changed_byte_of_manifest_and_signature_is_refused(
    published: Release, count: int, change: Callable[..., tuple[bytes | str, bytes | str]]
) -> None:
    luck = random.Random(SEED)
    missed = []
    for number in range(count):
        parts = [part.encode() if isinstance(part, str) else part for part in change(published, luck)]
        if not refused(*parts):
            missed.append(number)
    assert not missed


@pytest.mark.usefixtures("s3_server")
def test_each_changed_byte_in_the_store_is_found_by_reading_it_again() -> None:
    release, luck = small(), random.Random(SEED)
    artifact = release.artifacts.get()
    assert problem_with(artifact) is None
    for _ in range(IN_STORE):
        damage(release, one_byte_changed(b"{}", luck))
        assert problem_with(artifact) is not None
