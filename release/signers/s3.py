"""Presigned links of S3 and of stores that speak its protocol: AWS Signature Version 4 in the query string.

Signed here and not by boto3, which looks its endpoint up anew for every link and so takes six times as long; a test
holds the two against each other.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

from release.signers.signer import attachment

ALGORITHM = "AWS4-HMAC-SHA256"
USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class S3Signer:
    """`endpoint` is the address at which people reach the store; the bucket is the first part of the path."""

    endpoint: str
    bucket: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)

    def link(self, key: str, *, filename: str, seconds: int, now: datetime) -> str:
        moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        base = urlsplit(self.endpoint)
        path = f"{base.path.rstrip('/')}/{quote(f'{self.bucket}/{key}', safe='/~')}"
        query = _encoded(
            {
                "X-Amz-Algorithm": ALGORITHM,
                "X-Amz-Credential": f"{self.access_key}/{scope}",
                "X-Amz-Date": moment,
                "X-Amz-Expires": str(seconds),
                "X-Amz-SignedHeaders": "host",
                "response-content-disposition": attachment(filename),
            }
        )
        host = _host(base.scheme, base.hostname or "", base.port)
        asked = "\n".join(["GET", path, query, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"])
        signed = "\n".join([ALGORITHM, moment, scope, hashlib.sha256(asked.encode()).hexdigest()])
        signature = self._sign(signed, moment[:8])
        return f"{base.scheme}://{base.netloc}{path}?{query}&X-Amz-Signature={signature}"

    def _sign(self, text: str, day: str) -> str:
        key = f"AWS4{self.secret_key}".encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.new(key, text.encode(), "sha256").hexdigest()


def _encoded(query: dict[str, str]) -> str:
    """In the order of the names, as the signature wants it."""
    return urlencode(sorted(query.items()), quote_via=quote, safe="~")


def _host(scheme: str, name: str, port: int | None) -> str:
    """As a client writes it: the usual port is left out."""
    shown = f"[{name}]" if ":" in name else name
    return shown if port in (None, USUAL_PORTS.get(scheme)) else f"{shown}:{port}"
