"""The keys that sign releases: the present one, and those of earlier times, by which old signatures stay valid."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from joserfc.jwk import OKPKey

from access_portal.receipts.keys import public_jwk
from release.client.errors import SignatureError
from release.client.signature import Statement, sign, verify
from release.models import Release


def published_keys() -> dict[str, Any]:
    """The JWK Set of all keys that releases were ever signed with, the present one first."""
    present = [settings.RELEASE_KEY] if settings.RELEASE_KEY else []
    rows = {key.thumbprint(): public_jwk(key) for key in [*present, *settings.RELEASE_OLD_KEYS]}
    return {"keys": list(rows.values())}


def signature_for(release: Release) -> str:
    """The present key's signature of the manifest that this release carries; the lifecycle asks for a key before."""
    key: OKPKey | None = settings.RELEASE_KEY
    assert key is not None
    assert release.published_at is not None
    moment = int(release.published_at.timestamp())
    return sign(Statement(release.variant.model_id, release.version, release.manifest_sha256, moment), key)


def signature_problem(release: Release) -> SignatureError | None:
    """Why a stranger with our keys would not believe this release's signature; None when they would."""
    try:
        verify(release.manifest.encode(), release.signature.encode(), json.dumps(published_keys()).encode())
    except SignatureError as refused:
        return refused
    return None
