"""Tokens, one for each server, in a file that only their owner may read. They are sent to that server alone."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import RefusedError
from .private_files import changing, read_object, remove, write_object

FILE = "credentials.json"
TOKEN_VARIABLE = "GATEHOUSE_TOKEN"  # noqa: S105 (the name of it)
SERVER_VARIABLE = "GATEHOUSE_SERVER"
LONGEST_TOKEN = 500


@dataclass(frozen=True)
class Credentials:
    """What is kept in `folder`; `environment` wins over it."""

    folder: Path
    environment: Mapping[str, str]

    def token_for(self, server: str) -> str | None:
        """Raises RefusedError for one that is no token or that others can read."""
        given = self.environment.get(TOKEN_VARIABLE, "").strip()
        if given:
            return sound_token(given)
        kept = self._rows().get(server)
        return sound_token(str(kept.get("token", ""))) if isinstance(kept, dict) else None

    def is_from_environment(self) -> bool:
        return bool(self.environment.get(TOKEN_VARIABLE, "").strip())

    def default_server(self) -> str | None:
        """The one in the environment, else the one of the last login."""
        named = self.environment.get(SERVER_VARIABLE)
        kept = named or read_object(self.folder / FILE).get("default_server")
        return kept if isinstance(kept, str) else None

    def keep(self, server: str, token: str) -> Path:
        """For this server, which becomes the default; where it was written."""
        path = self.folder / FILE
        with changing(self.folder):
            write_object(path, {"default_server": server, "servers": {**self._rows(), server: {"token": token}}})
        return path

    def require_room(self) -> None:
        """Raises now what `keep` would raise, before somebody confirms a login in vain: its token would be lost."""
        with changing(self.folder):
            self._rows()
            trial = self.folder / f"{FILE}.trial"
            write_object(trial, {})
            remove(trial)

    def forget(self, server: str) -> bool:
        """Whether there was one."""
        if server not in self._rows():
            return False
        with changing(self.folder):
            content = read_object(self.folder / FILE)
            rows = self._rows()
            known = rows.pop(server, None) is not None  # another run may have been first
            write_object(self.folder / FILE, {**content, "servers": rows})
        return known

    def forget_all(self) -> bool:
        """Whether there were any; needs to read nothing. Raises RefusedError."""
        known = (self.folder / FILE).exists()
        if known:
            remove(self.folder / FILE)
        return known

    def _rows(self) -> dict[str, Any]:
        path = self.folder / FILE
        rows = read_object(path).get("servers", {})
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            raise RefusedError(
                "token_exposed",
                f"Others on this machine can read {path}, so the tokens in it may be known to them.",
                "Revoke them on the page of your account, then `gatehouse logout --all` and log in again.",
            )
        return rows if isinstance(rows, dict) else {}


def sound_token(text: str) -> str:
    """The token without the space around it; raises RefusedError when it cannot be one."""
    token = text.strip()
    if not token or len(token) > LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise RefusedError(
            "token_unusable",
            "What was given is not a token.",
            "Copy it whole from the page of your account: it begins with gh_.",
        )
    return token
