"""Signatures are those of the specification; secrets are kept so that the database alone tells nothing."""

from __future__ import annotations

import base64

import pytest
from pytest_django import Settings

from access_portal.outbox.sealing import SecretUnreadableError, seal, unseal
from access_portal.outbox.signing import headers, new_secret
from tests.access_portal.outbox.receiver import Received, is_signed

# The example of the specification's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'
KNOWN = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_known_example_is_signed_as_everybody_signs_it() -> None:
    assert headers([SECRET], ID, 1614265330, BODY) == {
        "webhook-id": ID, "webhook-timestamp": "1614265330", "webhook-signature": KNOWN,
    }  # fmt: skip


def test_each_secret_signs() -> None:
    secrets = [new_secret(), new_secret()]
    request = Received("/", headers(secrets, ID, 1, BODY), BODY)
    assert request.headers["webhook-signature"].count(" ") == 1
    assert [is_signed(secret, request) for secret in [*secrets, new_secret()]] == [True, True, False]


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp"])
def test_the_id_and_the_time_are_signed_too(part: str) -> None:
    secret = new_secret()
    request = Received("/", headers([secret], ID, 1, BODY), BODY)
    assert is_signed(secret, request)
    request.headers[part] += "0"
    assert not is_signed(secret, request)


def test_secrets_have_the_length_that_is_asked_for_and_differ() -> None:
    made = {new_secret() for _ in range(20)}
    assert len(made) == 20
    assert {len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) for secret in made} == {32}


def test_a_sealed_secret_opens_with_its_key_alone(settings: Settings) -> None:
    sealed = seal(SECRET)
    assert "whsec" not in sealed
    assert unseal(sealed) == SECRET
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key of sufficient length for a test"
    with pytest.raises(SecretUnreadableError):
        unseal(sealed)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unseal(sealed) == SECRET


@pytest.mark.parametrize("sealed", ["", "x", "gAAAA", SECRET, "é"])
def test_what_was_never_sealed_is_unreadable(sealed: str) -> None:
    with pytest.raises(SecretUnreadableError):
        unseal(sealed)
