"""What the person at the terminal sees: each step with its time, kept as a transcript too."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Screen:
    """Prints lines and remembers them."""

    lines: list[str] = field(default_factory=list)

    def say(self, line: str = "") -> None:
        self.lines.append(line)
        print(line, flush=True)

    def detail(self, name: str, value: object) -> None:
        """One thing that was seen, below its step."""
        self.say(f"      {name}: {value}")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step, then say how long it took, or that it failed."""
        started = time.monotonic()
        if sys.stdout.isatty():
            print(f"  …   {title}", end="\r", flush=True)
        try:
            yield
        except BaseException:
            self.say(f"  ✗   {title}")
            raise
        self.say(f"  ✓   {title} ({time.monotonic() - started:.1f} s)")
