"""What is published is signed; keys change and old signatures stay valid; what was unsigned is signed once."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from joserfc.jwk import OKPKey
from pytest_django import Settings

from release.client.signature import verify
from release.errors import ReleaseStateError
from release.models import Release
from release.publisher_keys import published_keys, signature_problem
from release.publishing import publish_release, sign_release
from tests.factories import make_release
from tests.release.publishing.scenes import NOW, fresh, manager, published, staged, verified

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("s3_server")]
KEYS = "/.well-known/gatehouse-releases.json"


def _page(release: Release, name: str) -> str:
    return f"/models/{release.variant.family.slug}/{release.variant.slug}/{release.version}/{name}"


def test_anybody_can_tell_from_three_public_files_what_was_published(client: Client) -> None:
    release = published()
    manifest, signature = (client.get(_page(release, f"manifest.{end}")) for end in ("json", "jws"))
    keys = client.get(KEYS)
    said = verify(manifest.content, signature.content, keys.content)
    assert (said.model, said.version, said.published_at) == ("toy-1m", "v1", int(NOW.timestamp()))
    assert said.manifest_sha256 == release.manifest_sha256
    assert (signature["Content-Type"], keys["Content-Type"]) == ("application/jose", "application/jwk-set+json")


def test_after_a_change_of_keys_old_signatures_are_valid_and_new_ones_are_made_with_the_new_key(
    settings: Settings,
) -> None:
    old = published()
    first, settings.RELEASE_KEY = settings.RELEASE_KEY, OKPKey.generate_key("Ed25519")
    assert signature_problem(old) is not None  # for as long as nobody put the old key among the old ones
    settings.RELEASE_OLD_KEYS = [first]
    new = publish_release(release=verified(old.variant, "v2"), actor=manager(), now=NOW)
    assert (signature_problem(old), signature_problem(new)) == (None, None)
    kids = [row["kid"] for row in published_keys()["keys"]]
    assert kids == [settings.RELEASE_KEY.thumbprint(), first.thumbprint()]
    assert not any("d" in row for row in published_keys()["keys"])


def test_without_a_key_nothing_is_published_and_the_cure_is_named(settings: Settings) -> None:
    settings.RELEASE_KEY = None
    release = staged()
    with pytest.raises(ReleaseStateError, match="no key to sign") as refused:
        publish_release(release=release, actor=manager(), now=NOW)
    assert "manage.py release key" in refused.value.remedy
    assert (fresh(release).state, fresh(release).manifest) == ("staged", "")


def test_what_was_published_unsigned_is_signed_with_the_moment_it_was_published_at(client: Client) -> None:
    release = make_release()
    assert client.get(_page(release, "manifest.jws")).status_code == 404
    signed = sign_release(release=release, actor=manager(), now=NOW)
    assert signed.published_at is not None
    said = client.get(_page(release, "manifest.jws")).content.decode().split(".")[1]
    claims = json.loads(urlsafe_b64decode(said + "=="))
    assert claims["published_at"] == int(signed.published_at.timestamp())
    assert claims["manifest_sha256"] == release.manifest_sha256


def test_a_signature_is_set_once_whatever_the_code_does() -> None:
    release = sign_release(release=make_release(), actor=manager(), now=NOW)
    for signature in ("", "a.b.c"):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            Release.objects.filter(pk=release.pk).update(signature=signature)
    with pytest.raises(ReleaseStateError, match="signed already"):
        sign_release(release=release, actor=manager(), now=NOW)


def test_signature_and_keys_of_a_withdrawn_release_stay_public(client: Client) -> None:
    release = published()
    Release.objects.filter(pk=release.pk).update(state="withdrawn", withdrawn_reason="x")
    assert client.get(_page(release, "manifest.jws")).content.decode() == release.signature + "\n"


@pytest.mark.parametrize("state", ["staged", "verified", "scheduled"])
def test_of_what_is_not_public_there_is_no_signature_to_be_had(client: Client, state: str) -> None:
    release = make_release(state=state, signature="a.b.c")
    for name in ("manifest.jws", "manifest.json", ""):
        assert client.get(_page(release, name)).status_code == 404
