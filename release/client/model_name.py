"""How a release is named on the command line: FAMILY/VARIANT[@VERSION]."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import UsageError

SLUG = r"[a-z0-9](?:[a-z0-9_-]{0,99})"
NAME = re.compile(rf"({SLUG})/({SLUG})(?:@([A-Za-z0-9][A-Za-z0-9._-]{{0,39}}))?")
LATEST = "latest"


@dataclass(frozen=True)
class ModelName:
    """`version` is `latest` where none was named."""

    family: str
    variant: str
    version: str = LATEST

    def __str__(self) -> str:
        return f"{self.family}/{self.variant}" + ("" if self.version == LATEST else f"@{self.version}")

    @property
    def path(self) -> str:
        """As in the server's addresses."""
        return f"{self.family}/{self.variant}/{self.version}"


def parse(text: str) -> ModelName:
    """Read what was written, in capitals or not; raises UsageError."""
    model, at, version = text.strip().partition("@")
    found = NAME.fullmatch(model.lower() + at + version)
    if found is None:
        raise UsageError(
            "model_name",
            f"{text[:200]!r} does not name a model.",
            "Write FAMILY/VARIANT or FAMILY/VARIANT@VERSION, as in llama/7b@v1. `gatehouse models` lists them.",
        )
    return ModelName(found[1], found[2], found[3] or LATEST)
