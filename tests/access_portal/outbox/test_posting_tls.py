"""Over https the certificate is that of the name, although we connect to an address."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from access_portal.outbox.posting import Answer, Failure
from tests.access_portal.outbox.receiver import serving
from tests.access_portal.outbox.test_posting import ask, know


def certificate(name: str, folder: Path) -> Path:
    """A file with a key and a certificate for `name` that signs for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{name}.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("name", "trusted", "expected"),
    [
        ("hook.example", True, Answer(status=204)),
        ("other.example", True, Answer(failure=Failure.NOT_REACHABLE)),
        ("hook.example", False, Answer(failure=Failure.NOT_REACHABLE)),
    ],
)
def test_the_certificate_has_to_be_of_the_name_and_trusted(
    name: str, trusted: bool, expected: Answer, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    own = certificate("hook.example", tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own)
    monkeypatch.setenv("SSL_CERT_FILE", str(own if trusted else certificate("else.example", tmp_path)))
    know(monkeypatch, "127.0.0.1")
    with serving(tls) as receiver:
        assert ask(f"https://{name}:{receiver.url.rpartition(':')[2]}/ok") == [expected]
        assert len(receiver.received) == (expected.status == 204)
