"""Where a demonstration keeps its things: one folder, readable by its owner alone."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from access_portal.receipts.keys import new_private_key

ROOT = Path(__file__).resolve().parent.parent
PASSWORDS = ("secret_key", "redis_password", "s3_access_key", "s3_secret_key")
SECRETS: dict[str, Callable[[], str]] = {
    **dict.fromkeys(PASSWORDS, lambda: secrets.token_urlsafe(32)),
    "receipt_key": new_private_key,
    "release_key": new_private_key,
}


@dataclass(frozen=True)
class Home:
    """The folder `.gatehouse` (or `GATEHOUSE_HOME`) and what lies where in it."""

    folder: Path

    @classmethod
    def here(cls) -> Home:
        return cls(Path(os.environ.get("GATEHOUSE_HOME", ROOT / ".gatehouse")).resolve())

    @property
    def demo_file(self) -> Path:
        return self.folder / "demo.json"

    @property
    def secrets_file(self) -> Path:
        return self.folder / "secrets.json"

    @property
    def environment_file(self) -> Path:
        """The settings of the running demonstration, for commands beside it."""
        return self.folder / "environment.json"

    @property
    def lock_file(self) -> Path:
        return self.folder / "lock"

    @property
    def transcript_file(self) -> Path:
        return self.folder / "transcript.txt"

    def make(self) -> None:
        for name in ("", "logs", "redis", "s3", "mail", "models", "static"):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def secrets(self) -> dict[str, str]:
        """The generated secrets of this demonstration; each is made once, so that sessions outlive a restart."""
        values: dict[str, str] = json.loads(self.secrets_file.read_text()) if self.secrets_file.exists() else {}
        missing = {name: make() for name, make in SECRETS.items() if name not in values}
        if missing:
            values |= missing
            write_private(self.secrets_file, values)
        return values


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that only its owner can read, replacing the file in one step."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
    draft.replace(path)
