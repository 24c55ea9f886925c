"""Words that people wrote, made fit for feeds and files: legible, and unable to pass for markup."""

from __future__ import annotations

from html import escape

from access_portal.accounts.names import one_line

__all__ = ["as_markdown", "as_table_cell", "legible", "one_line"]


def legible(text: str) -> str:
    """The same lines without control characters and signs that turn the direction of writing."""
    lines = [one_line(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return "\n".join(lines).strip()


def as_markdown(text: str) -> str:
    """On one line, in which no tag opens."""
    return escape(one_line(text), quote=False)


def as_table_cell(value: object) -> str:
    """The same within a table; a dash for what is not known."""
    return "–" if value is None else as_markdown(str(value)).replace("\\", "\\\\").replace("|", "\\|")
