"""What a command prints: words for people, JSON for programs; notices and errors for people go to stderr."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import ClientError
from ..wording import harmless

_turn = threading.Lock()  # threads tell of their files at any moment


class Output:
    """Names and words from elsewhere are printed as they are: nothing in them is markup, or steers the terminal."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.screen = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """A result, for people only."""
        if not self.as_json:
            self._out.print(harmless(text))

    def note(self, text: str) -> None:
        """Beside the result, for people only."""
        if not self.as_json:
            self.screen.print(harmless(text))

    def object(self, content: object) -> None:
        """A result, for programs only: one line."""
        if self.as_json:
            with _turn:
                _write(content)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """For people only; columns whose head ends in `bytes` or `size` are set to the right."""
        if self.as_json:
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for head in heads:
            table.add_column(head, justify="right" if head.lower() == "size" else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(harmless(cell)) for cell in row))
        self._out.print(table, soft_wrap=False)

    def error(self, error: ClientError) -> None:
        """Cause, cure and link."""
        if self.as_json:
            self.object(_told(error))
            return
        self.screen.print(Text("Error: ", style="bold red") + Text(harmless(error.explanation)))
        for line in (error.remedy, error.link):
            if line:
                self.screen.print(harmless(line))

    def last_word(self, error: ClientError) -> None:
        """An error for programs, after which no thread tells anything: the process is about to end without waiting."""
        _turn.acquire()
        _write(_told(error))


def _told(error: ClientError) -> dict[str, dict[str, str]]:
    parts = {"code": error.code, "explanation": error.explanation, "remedy": error.remedy, "link": error.link}
    return {"error": parts}


def _write(content: object) -> None:
    sys.stdout.write(json.dumps(content, default=_plain, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(type(value).__name__)
