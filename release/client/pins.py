"""Publishers' keys as first seen, for each server: whoever takes a server over later cannot sign as its publisher."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .private_files import changing, read_object, write_object

FILE = "publishers.json"


@dataclass(frozen=True)
class Pins:
    """Thumbprints (RFC 7638) by server, kept in the user's folder."""

    folder: Path

    def of(self, server: str) -> frozenset[str]:
        """Empty for a server that was never met."""
        kept = read_object(self.folder / FILE).get(server)
        return frozenset(each for each in kept if isinstance(each, str)) if isinstance(kept, list) else frozenset()

    def keep(self, server: str, thumbprints: frozenset[str]) -> None:
        """From now on these are the publisher's."""
        with changing(self.folder):
            content = read_object(self.folder / FILE)
            write_object(self.folder / FILE, {**content, server: sorted(thumbprints)})
