"""Repositories, releases and files in the shapes that Hub clients read. Pure, but for what is prefetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.urls import reverse

from release.hub.objects import blob_id, folder_ids, is_large, pointer
from release.hub.repos import MAIN, Repo
from release.models import Artifact, Release

Json = dict[str, Any]
PIPELINE = "text-generation"
LIBRARY = "transformers"


def moment(at: datetime) -> str:
    """Clients take no other form than this: milliseconds and a literal Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def published(release: Release) -> str:
    assert release.published_at is not None
    return moment(release.published_at)


def model(repo: Repo, release: Release) -> Json:
    """A model at one of its revisions, without its files."""
    name, licence = repo.variant.hub_repo, release.licence_version
    return {
        "_id": f"{repo.variant.pk:024x}",
        "id": name,
        "modelId": name,
        "author": name.partition("/")[0],
        "sha": release.commit,
        "lastModified": published(release),
        "createdAt": published(repo.releases[-1]),
        "private": False,
        "gated": "manual",
        "disabled": release.state == Release.State.WITHDRAWN,
        "downloads": 0,  # who fetches what is nobody else's business
        "likes": 0,
        "tags": tags(repo),
        "pipeline_tag": PIPELINE,
        "library_name": LIBRARY,
        "cardData": {
            "license": "other",
            "license_name": licence.licence.slug,
            "license_link": settings.BASE_URL + reverse("licence_version", args=[licence.pk]),
        },
        "spaces": [],
    }


def tags(repo: Repo) -> list[str]:
    """By what lists can be filtered."""
    return [LIBRARY, PIPELINE, repo.variant.family.slug, "license:other"]


def siblings(artifacts: Sequence[Artifact], *, blobs: bool) -> list[Json]:
    """The files of a model object; with `blobs`, their sizes and names in Git."""
    return [{"rfilename": artifact.path, **(_blob(artifact) if blobs else {})} for artifact in artifacts]


def _blob(artifact: Artifact) -> Json:
    plain: Json = {"size": artifact.size_bytes, "blobId": blob_id(artifact)}
    return plain | ({"lfs": _large(artifact, "sha256")} if is_large(artifact) else {})


def _large(artifact: Artifact, name: str) -> Json:
    return {name: artifact.sha256, "size": artifact.size_bytes, "pointerSize": len(pointer(artifact))}


def entries(release: Release, artifacts: Sequence[Artifact], *, expand: bool) -> list[Json]:
    """All files and folders of a release, by path."""
    found = [_file(artifact) for artifact in artifacts]
    found += [_folder(path, oid) for path, oid in folder_ids(artifacts).items() if path]
    if expand:
        last = {"id": release.commit, "title": release.version, "date": published(release)}
        found = [{**entry, "lastCommit": last} for entry in found]
    return sorted(found, key=lambda entry: str(entry["path"]))


def children(found: Sequence[Json], folder: str) -> list[Json]:
    """Those of `entries` that lie directly in this folder; the empty one is the root."""
    return [entry for entry in found if _parent(entry["path"]) == folder]


def _parent(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


def _file(artifact: Artifact) -> Json:
    plain = {"type": "file", "oid": blob_id(artifact), "size": artifact.size_bytes, "path": artifact.path}
    return plain | ({"lfs": _large(artifact, "oid")} if is_large(artifact) else {})


def _folder(path: str, oid: str) -> Json:
    return {"type": "directory", "oid": oid, "size": 0, "path": path}


def refs(repo: Repo) -> Json:
    """The branch and the versions, newest first."""
    return {
        "branches": [_ref("heads", MAIN, repo.main)],
        "converts": [],
        "tags": [_ref("tags", release.version, release) for release in repo.releases],
    }


def _ref(kind: str, name: str, release: Release) -> Json:
    return {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": release.commit}


def commit(repo: Repo, release: Release) -> Json:
    """A release as the commit that it is for clients; the publisher is the house, not a person."""
    return {
        "id": release.commit,
        "title": release.version,
        "message": release.changelog,
        "authors": [{"user": repo.variant.hub_repo.partition("/")[0], "avatar": ""}],
        "date": published(release),
    }
