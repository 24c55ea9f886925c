"""The environment of a test run, set before Django reads its settings: own secrets, own ports, own database.

Loaded as a pytest plugin (`-p tests.environment`), once in each process, so parallel workers share nothing.
`GATEHOUSE_TEST_DATABASE_URL` chooses PostgreSQL; without it the tests run on SQLite.
"""

import os
import secrets
import socket
import tempfile
from base64 import b64encode


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _signing_key() -> str:
    """An Ed25519 key in PKCS #8, which is a fixed beginning and 32 random bytes."""
    return b64encode(bytes.fromhex("302e020100300506032b657004220420") + secrets.token_bytes(32)).decode()


FOLDER = tempfile.mkdtemp(prefix="gatehouse-test-")
os.mkdir(f"{FOLDER}/static")
REDIS_PORT = _free_port()
S3_PORT = _free_port()

os.environ.update(
    {
        "DJANGO_SETTINGS_MODULE": "access_portal.settings",
        "GATEHOUSE_SECRET_KEY": secrets.token_urlsafe(40),
        "GATEHOUSE_BASE_URL": "http://testserver",
        "GATEHOUSE_ALLOWED_HOSTS": "localhost,127.0.0.1",
        "GATEHOUSE_DATABASE_URL": os.environ.get("GATEHOUSE_TEST_DATABASE_URL", f"sqlite:///{FOLDER}/db.sqlite3"),
        "GATEHOUSE_REDIS_URL": f"redis://127.0.0.1:{REDIS_PORT}/0",
        "GATEHOUSE_S3_ENDPOINT_URL": f"http://127.0.0.1:{S3_PORT}",
        "GATEHOUSE_S3_ACCESS_KEY": "test-" + secrets.token_hex(8),
        "GATEHOUSE_S3_SECRET_KEY": secrets.token_urlsafe(32),
        "GATEHOUSE_RECEIPT_KEY": _signing_key(),
        "GATEHOUSE_RELEASE_KEY": _signing_key(),
        "GATEHOUSE_EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
        "GATEHOUSE_MODEL_CACHE_DIR": f"{FOLDER}/models",
        "GATEHOUSE_STATIC_ROOT": f"{FOLDER}/static",
        "GATEHOUSE_STATICFILES": "django.contrib.staticfiles.storage.StaticFilesStorage",
        "GATEHOUSE_LOG_LEVEL": "WARNING",
    }
)
