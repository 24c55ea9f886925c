"""What the stock clients meet: models in each state, people in each situation, and the real bytes in the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import md5, sha1, sha256
from pathlib import Path
from typing import Any

from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.accounts.tokens import issue_token
from access_portal.licences.models import LicenceVersion
from release.client.manifest import File, Layout, LicenceText, Manifest, commit, digest, encode
from release.models import Artifact, Release, Variant
from release.storage import weights_store
from tests.factories import make_family, make_grant, make_licence_version, make_user, make_variant
from tests.release.hub.stock import tiny_llama

LARGE = (".safetensors", ".pth")
META, ANY = ("params.json",), ("README.md", "LICENSE.txt")
DAY = timedelta(days=1)
MANY = 1_234  # files, where there are many


@dataclass
class World:
    """Where it is, who has which token, and the releases by repository and version."""

    endpoint: str
    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)
    releases: dict[str, Release] = field(default_factory=dict)

    def commit(self, name: str) -> str:
        return self.releases[name].commit


def build(endpoint: str, folder: Path) -> World:
    """Commit it all; nothing in it changes afterwards but for the links that are made."""
    world = World(endpoint, folder)
    family = make_family("toy", make_licence_version())
    toy = make_variant(family, "1m")
    _publish(world, toy, "v1", 1, days_ago=30)
    _publish(world, toy, "v2", 2, days_ago=20)
    _publish(world, toy, "v3", 3, days_ago=10)
    _deprecate(world.releases["toy-1m@v1"], world.releases["toy-1m@v2"])
    _withdraw(world.releases["toy-1m@v3"])
    gone = make_variant(family, "2m")
    _publish(world, gone, "v1", 4, days_ago=9)
    _withdraw(world.releases["toy-2m@v1"])
    _stage(world, make_variant(family, "3m"), "v1", 5)
    old = make_variant(make_family("old", make_licence_version()), "1m")
    _publish(world, old, "v1", 6, days_ago=5)
    _publish_many_rows(world, make_variant(family, "9m"))
    _people(world, toy, old)
    return world


def _publish_many_rows(world: World, variant: Variant) -> None:
    """More files than a page of any list has; there are no bytes of them."""
    release = _row(variant, "v1")
    Artifact.objects.bulk_create(
        Artifact(
            release=release,
            path=f"part {n:04d}",
            size_bytes=n,
            sha256=f"{n:064x}",
            md5="0" * 32,
            storage_key=str(n),
        )
        for n in range(MANY)
    )
    _seal(world, release, days_ago=1)


def _people(world: World, toy: Variant, old: Variant) -> None:
    now, family = timezone.now(), toy.family
    over: dict[str, Any] = {"starts_at": now - 9 * DAY, "ends_at": now - DAY, "state": "expired"}
    make_grant(_person(world, "ada"), family)
    make_grant(_person(world, "abe"), family)
    _person(world, "ben")
    make_grant(_person(world, "cyd"), family, **over)
    make_grant(_person(world, "dee"), family, state="suspended", state_reason="Being looked into.")
    make_grant(_person(world, "eve"), old.family)
    make_licence_version(old.family.weights_licence, number="2.0", text="Be better.", reconsent_by=now)
    make_grant(_person(world, "fay", scope="jobs"), family)
    make_grant(_person(world, "gus"), family, bytes_per_day=10)  # less than any file but one
    small = world.releases["toy-1m@v2"].artifacts.get(path="generation_config.json")
    make_grant(_person(world, "hal"), family, bytes_per_day=small.size_bytes)
    _person(world, "olga", Role.RELEASE_MANAGER)


def _person(world: World, name: str, *roles: Role, scope: str = "download") -> User:
    user = make_user(name, *roles)
    _token, world.tokens[name] = issue_token(actor=user, name="laptop", scopes=[scope], days=9, now=timezone.now())
    return user


def _stage(world: World, variant: Variant, version: str, seed: int) -> Release:
    folder = tiny_llama.write(world.folder / f"{variant.model_id}@{version}", seed)
    release = _row(variant, version)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _store(release, path, path.relative_to(folder).as_posix())
    return release


def _row(variant: Variant, version: str) -> Release:
    licence = LicenceVersion.objects.get(licence=variant.family.weights_licence)
    return Release.objects.create(variant=variant, version=version, licence_version=licence, changelog="Better.")


def _store(release: Release, source: Path, path: str) -> None:
    data = source.read_bytes()
    key = f"{release.variant.hub_repo}/{sha256(data).hexdigest()}/{source.name}"
    weights_store().put_bytes(key, data)
    blob = b"" if path.endswith(LARGE) else f"blob {len(data)}\0".encode() + data
    layout = Layout.ANY if path in ANY else Layout.META if path in META else Layout.HF
    Artifact.objects.create(
        release=release, path=path, size_bytes=len(data), sha256=sha256(data).hexdigest(),
        md5=md5(data, usedforsecurity=False).hexdigest(), layout=layout, storage_key=key,
        git_sha1=sha1(blob, usedforsecurity=False).hexdigest() if blob else "",
    )  # fmt: skip


def _publish(world: World, variant: Variant, version: str, seed: int, *, days_ago: int) -> None:
    _seal(world, _stage(world, variant, version, seed), days_ago=days_ago)


def _seal(world: World, release: Release, *, days_ago: int) -> None:
    rows = release.artifacts.all()
    files = tuple(File(row.path, row.size_bytes, row.sha256, row.md5, Layout(row.layout)) for row in rows)
    licence = release.licence_version
    text = LicenceText(licence.licence.slug, licence.number, licence.sha256)
    encoded = encode(Manifest(release.variant.model_id, release.version, text, files))
    Release.objects.filter(pk=release.pk).update(
        state="published", published_at=timezone.now() - days_ago * DAY, manifest=encoded.decode(),
        manifest_sha256=digest(encoded), commit=commit(encoded),
    )  # fmt: skip
    release.refresh_from_db()
    world.releases[f"{release.variant.model_id}@{release.version}"] = release


def _deprecate(release: Release, successor: Release) -> None:
    Release.objects.filter(pk=release.pk).update(
        state="deprecated", deprecated_at=timezone.now(), deprecated_reason="It was worse.", successor=successor
    )


def _withdraw(release: Release) -> None:
    Release.objects.filter(pk=release.pk).update(
        state="withdrawn", withdrawn_at=timezone.now(), withdrawn_reason="It leaked."
    )
