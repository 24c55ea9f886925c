"""Asking the Hub door as its clients do, within a test's own transaction: rows, tokens and requests."""

from __future__ import annotations

from hashlib import sha1, sha256
from typing import Any

from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.accounts.tokens import issue_token
from release.client.manifest import Layout
from release.models import Artifact, Release
from tests.factories import make_family, make_release, make_variant

TOY = "gatehouse/toy-1m"
API = f"/api/models/{TOY}"


def secret_of(user: User, scope: str = "download") -> str:
    return issue_token(actor=user, name="laptop", scopes=[scope], days=1, now=timezone.now())[1]


def ask(method: str, url: str, secret: str | None = None, **more: str) -> Any:
    """Without cookies, and as if cookies were there to be abused: a token of a form is wanted where one can be."""
    token = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return getattr(client, method)(url, headers={**token, **more})


def add_file(release: Release, path: str, data: bytes = b"x", *, large: bool = False, **fields: object) -> Artifact:
    """A row only; nothing is stored."""
    git = "" if large else sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
    return Artifact.objects.create(
        release=release, path=path, size_bytes=len(data), sha256=sha256(data).hexdigest(), md5="0" * 32,
        git_sha1=git, **{"storage_key": f"{release.pk}/{path}", "layout": Layout.HF, **fields},
    )  # fmt: skip


def make_toy(version: str = "v1", *paths: str, release_fields: dict[str, str] | None = None) -> Release:
    """A published release of `gatehouse/toy-1m` with these files beside params.json, which has no name in Git."""
    release = make_release(make_variant(make_family("toy")), version, "staged")
    for path in paths:
        add_file(release, path)
    return publish(release)


def publish(release: Release) -> Release:
    commit = sha1(f"{release.pk}".encode(), usedforsecurity=False).hexdigest()
    Release.objects.filter(pk=release.pk).update(
        state="published", published_at=timezone.now(), manifest="{}", manifest_sha256="0" * 64, commit=commit
    )
    release.refresh_from_db()
    return release
