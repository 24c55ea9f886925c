"""A release of random bytes in a new installation, published and signed, and people who hold grants for it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from django.conf import settings
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.accounts.tokens import issue_token
from access_portal.grants.models import Grant
from access_portal.licences.models import Licence, LicenceAcceptance, LicenceVersion
from bench.world import World
from release.client.manifest import File, LicenceText, Manifest, commit, digest, encode
from release.models import Artifact, Family, Release, Variant
from release.publisher_keys import signature_for
from release.signers.chosen import weights_signer
from release.storage import MIB, jobs_store, weights_store

LARGE_FILES, SMALL_FILES = 4, 4
LINKED_FILES = 100  # of an older release, of which only links are made: nothing of it is stored
PEOPLE = ("p0", "p1")


def seed(mib: int) -> World:
    """`mib` MiB in four files, and four of a few bytes."""
    now = timezone.now()
    weights_store().ensure_bucket()
    jobs_store().ensure_bucket()
    older = _release(variant := _variant(now), "v0")
    for number in range(LINKED_FILES):
        _row(older, f"{number}.bin", 1, "0" * 64, "0" * 32)
    _publish(older, now - timedelta(days=1))
    release = _release(variant, "v1")
    for number in range(LARGE_FILES):
        _file(release, f"part-{number}.bin", mib * MIB // LARGE_FILES)
    for number in range(SMALL_FILES):
        _file(release, f"small/{number}.txt", 10 + number)
    _publish(release, now)
    people = [_person(name, release, now) for name in PEOPLE]
    scopes = ["download", "read"]
    _token, secret = issue_token(actor=people[0], name="bench", scopes=scopes, days=1, now=now)
    artifacts = list(release.artifacts.all())
    return World(
        model="bench/1b", repo=release.variant.hub_repo, sizes={each.path: each.size_bytes for each in artifacts},
        keys=[each.storage_key for each in artifacts], token=secret, signed=lambda: _signed(artifacts),
    )  # fmt: skip


def _signed(artifacts: list[Artifact]) -> list[str]:
    signer, now = weights_signer(), timezone.now()
    return [
        signer.link(each.storage_key, filename=PurePosixPath(each.path).name, seconds=900, now=now)
        for each in artifacts
    ]


def _variant(now: datetime) -> Variant:
    text = "Be good."
    licence = Licence.objects.create(slug="bench", title="Licence of the bench")
    LicenceVersion.objects.create(
        licence=licence, number="1.0", text=text, sha256=hashlib.sha256(text.encode()).hexdigest(), published_at=now
    )
    family = Family.objects.create(
        slug="bench", name="Bench", developer="House", summary="Random bytes.", weights_licence=licence,
        code_licence="Apache-2.0",
    )  # fmt: skip
    return Variant.objects.create(
        family=family, slug="1b", name="1B", folder="1B", model_id="bench-1b", hub_repo="house/bench-1b",
        parameters=1_000_000, dim=64, n_layers=2, n_heads=4, n_kv_heads=4, ffn_hidden=192, vocab_size=512,
        context_tokens=256, shards=1,
    )  # fmt: skip


def _release(variant: Variant, version: str) -> Release:
    text = variant.family.weights_licence.versions.get()
    return Release.objects.create(variant=variant, version=version, licence_version=text)


def _file(release: Release, path: str, size: int) -> None:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)

    def chunks() -> Iterator[bytes]:
        for start in range(0, size, MIB):
            data = os.urandom(min(MIB, size - start))
            sha256.update(data)
            md5.update(data)
            yield data

    weights_store().put_stream(f"bench/{path}", chunks(), size_hint=size)
    _row(release, path, size, sha256.hexdigest(), md5.hexdigest())


def _row(release: Release, path: str, size: int, sha256: str, md5: str) -> None:
    Artifact.objects.create(
        release=release, path=path, size_bytes=size, sha256=sha256, md5=md5, storage_key=f"bench/{path}"
    )


def _publish(release: Release, now: datetime) -> None:
    files = tuple(File(each.path, each.size_bytes, each.sha256, each.md5) for each in release.artifacts.all())
    text = release.licence_version
    licence = LicenceText(text.licence.slug, text.number, text.sha256)
    encoded = encode(Manifest(release.variant.model_id, release.version, licence, files))
    release.manifest, release.manifest_sha256, release.commit = encoded.decode(), digest(encoded), commit(encoded)
    release.state, release.published_at = Release.State.PUBLISHED, now
    if settings.RELEASE_KEY:
        release.signature = signature_for(release)
    release.save()


def _person(name: str, release: Release, now: datetime) -> User:
    user = User.objects.create(username=name, email=f"{name}@uni.example")
    text = release.licence_version
    LicenceAcceptance.objects.create(user=user, version=text, sha256=text.sha256, act="ticked", accepted_at=now)
    grant = Grant.objects.create(
        holder=user, family=release.variant.family, whole_family=True, licence_version=text, token_quota=1,
        starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1), reason="To measure.",
    )  # fmt: skip
    Grant.objects.filter(pk=grant.pk).update(number=f"GR-{grant.pk:05d}")
    return user
