"""Words of a server or of a disk, made fit for a terminal, and figures as people read them."""

from __future__ import annotations

UNITS = ("bytes", "kB", "MB", "GB", "TB")
LONGEST_TEXT = 2000


def printable(text: object) -> str:
    """On lines and not too long, without what could steer a terminal."""
    return harmless(str(text)[:LONGEST_TEXT])


def harmless(text: str) -> str:
    """Without escapes, controls, marks that turn the direction of writing, and halves of characters."""
    return "".join(character if character.isprintable() or character == "\n" else "�" for character in text)


def size(count: float) -> str:
    """`13.48 GB`: thousands, as disks and network providers count."""
    value, unit = float(count), UNITS[0]
    for unit in UNITS:
        if value < 1000 or unit == UNITS[-1]:
            break
        value /= 1000
    return f"{int(count)} {unit}" if unit == UNITS[0] else f"{value:.2f} {unit}"


def files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def duration(seconds: float) -> str:
    """`40 seconds`, `5 minutes`: rounded, as people say it."""
    if seconds < 120:
        return f"{round(seconds)} seconds"
    return f"{round(seconds / 60)} minutes"
