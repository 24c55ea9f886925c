"""Keys come from settings in three spellings; a wrong one stops the start and is not repeated."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from access_portal.receipts.keys import new_private_key, public_jwk, read_private_key, read_public_keys

KEY = OKPKey.generate_key("Ed25519")
SPELLINGS = {
    "a PEM": KEY.as_pem(private=True).decode(),
    "a JWK": json.dumps(KEY.as_dict(private=True)),
    "one line of Base64": base64.b64encode(KEY.as_der(private=True)).decode(),
    "with space around": f"\n {base64.b64encode(KEY.as_der(private=True)).decode()}\n",
}
WRONG = {
    "a public JWK": json.dumps(KEY.as_dict(private=False)),
    "a public PEM": KEY.as_pem(private=False).decode(),
    "X25519": OKPKey.generate_key("X25519").as_pem(private=True).decode(),
    "Ed448": OKPKey.generate_key("Ed448").as_pem(private=True).decode(),
    "an elliptic curve": ECKey.generate_key("P-256").as_pem(private=True).decode(),
    "a shared secret": json.dumps(OctKey.generate_key(256).as_dict(private=True)),
    "a password": "correct horse battery staple",
    "half a key": SPELLINGS["one line of Base64"][:30],
    "a list": "[1]",
    "an object": "{}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_each_spelling_gives_the_same_key(spelling: str) -> None:
    key = read_private_key(SPELLINGS[spelling], "X")
    assert key is not None
    assert public_jwk(key) == public_jwk(KEY)


@pytest.mark.parametrize("name", WRONG)
def test_anything_else_is_refused_without_repeating_it(name: str) -> None:
    with pytest.raises(ValueError, match=r"^GATEHOUSE_X must be") as error:
        read_private_key(WRONG[name], "GATEHOUSE_X")
    assert WRONG[name] not in str(error.value)


def test_no_key_is_no_key() -> None:
    assert read_private_key(" \n", "X") is None
    assert read_public_keys("", "X") == []


def test_what_is_published_holds_nothing_private() -> None:
    assert set(public_jwk(KEY)) == {"kty", "crv", "x", "kid", "use", "alg"}
    [old] = read_public_keys(json.dumps({"keys": [KEY.as_dict(private=True)]}), "X")
    assert not old.is_private


@pytest.mark.parametrize("text", ["{}", "[]", "x", '{"keys": [1]}', '{"keys": [{"kty": "OKP"}]}', '{"keys": 1}'])
def test_old_keys_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^GATEHOUSE_X must"):
        read_public_keys(text, "GATEHOUSE_X")


def test_a_new_key_is_new_and_one_line() -> None:
    first, second = new_private_key(), new_private_key()
    assert first != second
    assert "\n" not in first
    assert read_private_key(first, "X") is not None


@pytest.mark.parametrize("variable", ["GATEHOUSE_RECEIPT_KEY", "GATEHOUSE_RELEASE_KEY"])
def test_a_wrong_key_stops_the_start_and_names_the_variable(variable: str) -> None:
    code = "import access_portal.settings"
    environment = {**os.environ, variable: "secret-but-wrong"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"{variable} must be" in done.stderr
    assert "secret-but-wrong" not in done.stderr
