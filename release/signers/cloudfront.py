"""Signed URLs of Amazon CloudFront with a canned policy: this very address, until a second in time.

As CloudFront wants it: RSA with SHA-1 and PKCS #1 v1.5 over the policy, in its own spelling of Base64. The methods and
the way to the bucket (origin access control) are settings of the distribution; docs/how-to/deploy.md says which.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from release.signers.signer import attachment

SPELLING = str.maketrans("+=/", "-_~")


@dataclass(frozen=True)
class CloudFrontSigner:
    """`base_url` is that of the distribution, whose origin is the weights bucket."""

    base_url: str
    key_pair_id: str
    private_key: RSAPrivateKey

    def link(self, key: str, *, filename: str, seconds: int, now: datetime) -> str:
        disposition = quote(attachment(filename), safe="~")
        address = f"{self.base_url}/{quote(key, safe='/~')}?response-content-disposition={disposition}"
        expires = int(now.timestamp()) + seconds
        signature = self.private_key.sign(canned_policy(address, expires), PKCS1v15(), SHA1())  # noqa: S303
        spelt = b64encode(signature).decode().translate(SPELLING)
        return f"{address}&Expires={expires}&Signature={spelt}&Key-Pair-Id={self.key_pair_id}"


def canned_policy(address: str, expires: int) -> bytes:
    """CloudFront builds the same bytes from the request; a space more, and the signature is another."""
    condition = f'{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}'
    return f'{{"Statement":[{{"Resource":"{address}","Condition":{condition}}}]}}'.encode()


@lru_cache(maxsize=2)
def read_rsa_key(pem: str) -> RSAPrivateKey:
    """Raises ValueError unless it is an RSA key in PEM, without a password."""
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError) as error:
        raise ValueError("GATEHOUSE_CLOUDFRONT_PRIVATE_KEY is not a private key in PEM") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("GATEHOUSE_CLOUDFRONT_PRIVATE_KEY is not an RSA key, which CloudFront wants")
    return key
