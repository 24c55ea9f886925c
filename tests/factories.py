"""Rows for tests, made plainly; rules are exercised through commands, not here."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from access_portal.accounts.models import Role, RoleAssignment, User
from access_portal.grants.models import Grant
from access_portal.licences.models import Licence, LicenceAcceptance, LicenceVersion
from release.models import Artifact, Family, Release, Variant

_numbers = count(1)
PASSWORD = "correct horse battery staple"


@cache
def _hashed_password() -> str:
    """A real hash takes a third of a second on purpose; one of them is enough for a run."""
    return make_password(PASSWORD)


def make_user(name: str = "ada", *roles: Role, verified: bool = True, **fields: Any) -> User:
    user = User.objects.create(
        username=name,
        email=f"{name}@uni.example",
        password=_hashed_password(),
        full_name=f"{name.capitalize()} Example",
        **fields,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    for role in roles:
        RoleAssignment.objects.create(user=user, role=role)
    return user


def make_licence_version(
    licence: Licence | None = None, number: str = "1.0", text: str = "Be good.", **fields: Any
) -> LicenceVersion:
    licence = licence or Licence.objects.create(slug=f"licence-{next(_numbers)}", title="Research licence")
    return LicenceVersion.objects.create(
        licence=licence,
        number=number,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        summary=["Be good."],
        **fields,
    )


def make_family(slug: str = "toy", version: LicenceVersion | None = None, **fields: Any) -> Family:
    version = version or make_licence_version()
    return Family.objects.create(
        slug=slug, name=slug.capitalize(), developer="Gatehouse", summary="A toy.", weights_licence=version.licence,
        code_licence="Apache-2.0", **fields,
    )  # fmt: skip


def make_variant(family: Family | None = None, slug: str = "1m", **fields: Any) -> Variant:
    family = family or make_family()
    numbers = {
        "parameters": 1_000_000, "dim": 64, "n_layers": 2, "n_heads": 4, "n_kv_heads": 4, "ffn_hidden": 192,
        "vocab_size": 512, "context_tokens": 256, "shards": 1,
    }  # fmt: skip
    return Variant.objects.create(
        family=family, slug=slug, name=slug.upper(), folder=slug.upper(), model_id=f"{family.slug}-{slug}",
        hub_repo=f"gatehouse/{family.slug}-{slug}", **{**numbers, **fields},
    )  # fmt: skip


def make_release(
    variant: Variant | None = None, version: str = "v1", state: str = "published", **fields: Any
) -> Release:
    """A release row with one artifact row; no bytes are stored for it."""
    variant = variant or make_variant()
    licence_version = variant.family.weights_licence.versions.latest("published_at")
    release = Release.objects.create(variant=variant, version=version, licence_version=licence_version, **fields)
    Artifact.objects.create(
        release=release, path="params.json", size_bytes=2, sha256=hashlib.sha256(b"{}").hexdigest(),
        md5=hashlib.md5(b"{}", usedforsecurity=False).hexdigest(),
        storage_key=f"{variant.hub_repo}/{version}/params.json",
    )  # fmt: skip
    if state != "staged":
        Release.objects.filter(pk=release.pk).update(
            state=state, published_at=timezone.now(), manifest="{}", manifest_sha256="0" * 64,
            commit=hashlib.sha1(f"{release.pk}".encode(), usedforsecurity=False).hexdigest(),
        )  # fmt: skip
        release.refresh_from_db()
    return release


def make_acceptance(user: User, version: LicenceVersion) -> LicenceAcceptance:
    return LicenceAcceptance.objects.create(
        user=user, version=version, sha256=version.sha256, act="ticked the box", accepted_at=timezone.now()
    )


def make_grant(
    holder: User, family: Family, *, now: datetime | None = None, variants: Iterable[Variant] = (), **fields: Any
) -> Grant:
    """An active grant of a year for these sizes, else the whole family, with an acceptance, unless told otherwise."""
    sizes = list(variants)
    now = now or timezone.now()
    version = family.weights_licence.versions.latest("published_at")
    make_acceptance(holder, version)
    values: dict[str, Any] = {
        "licence_version": version, "starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=365),
        "reason": "Approved for a study of tests.", "token_quota": 100_000, "whole_family": not sizes,
    }  # fmt: skip
    grant = Grant.objects.create(holder=holder, family=family, **{**values, **fields})
    grant.variants.set(sizes)
    Grant.objects.filter(pk=grant.pk).update(number=f"GR-{grant.pk:05d}")
    grant.refresh_from_db()
    return grant
