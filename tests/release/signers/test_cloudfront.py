"""Signed URLs of CloudFront: as Amazon's own library makes them, and good for the public key."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.signers import CloudFrontSigner as TheirSigner
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from release.signers.cloudfront import CloudFrontSigner, canned_policy, read_rsa_key
from tests.release.signers.test_s3 import ODD

NOW = datetime(2026, 6, 1, 12, 30, 59, 400_000, UTC)
KEY = rsa.generate_private_key(65537, 2048)
AS_CLOUDFRONT_WANTS = PKCS1v15(), SHA1()  # noqa: S303
SIGNER = CloudFrontSigner("https://d1.example", "K2EXAMPLE", KEY)


def link(key: str = "toy/1m/v1/params.json") -> str:
    return SIGNER.link(key, filename="params.json", seconds=900, now=NOW)


@pytest.mark.parametrize("key", ODD)
def test_links_are_those_of_botocore(key: str) -> None:
    url = link(key)
    theirs = TheirSigner("K2EXAMPLE", lambda message: KEY.sign(message, *AS_CLOUDFRONT_WANTS))
    until = NOW.replace(microsecond=0) + timedelta(seconds=900)
    assert theirs.generate_presigned_url(url.partition("&Expires=")[0], date_less_than=until) == url


def test_a_link_verifies_with_the_public_key_and_an_altered_one_does_not() -> None:
    query = parse_qs(urlsplit(link()).query)
    signature = b64decode(query["Signature"][0].translate(str.maketrans("-_~", "+=/")))
    address, expires = link().partition("&Expires=")[0], int(query["Expires"][0])
    KEY.public_key().verify(signature, canned_policy(address, expires), *AS_CLOUDFRONT_WANTS)
    for policy in (canned_policy(address, expires + 1), canned_policy(address.replace("v1", "v2"), expires)):
        with pytest.raises(InvalidSignature):
            KEY.public_key().verify(signature, policy, *AS_CLOUDFRONT_WANTS)


def test_a_link_ends_within_its_seconds_and_names_key_and_file() -> None:
    query = parse_qs(urlsplit(link()).query)
    assert int(query["Expires"][0]) <= NOW.timestamp() + 900
    assert query["Key-Pair-Id"] == ["K2EXAMPLE"]
    assert query["response-content-disposition"] == ['attachment; filename="params.json"']


def test_what_is_no_rsa_key_is_refused_by_name() -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for text in ("", "not a key", pem.decode()):
        with pytest.raises(ValueError, match="GATEHOUSE_CLOUDFRONT_PRIVATE_KEY"):
            read_rsa_key(text)
