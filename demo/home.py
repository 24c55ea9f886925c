"""Where a demonstration keeps its things: one folder, readable by its owner alone."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


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
        """The generated secrets of this demonstration; made once, so that sessions outlive a restart."""
        if not self.secrets_file.exists():
            names = ("secret_key", "redis_password", "s3_access_key", "s3_secret_key")
            write_private(self.secrets_file, {name: secrets.token_urlsafe(32) for name in names})
        values: dict[str, str] = json.loads(self.secrets_file.read_text())
        return values


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that only its owner can read, replacing the file in one step."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
    draft.replace(path)
