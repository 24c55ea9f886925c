"""The exit codes, which scripts rely on: they are documented and do not change."""

from __future__ import annotations

from enum import IntEnum

from ..errors import (
    AccessError,
    ClientError,
    DamagedError,
    ManifestError,
    NetworkError,
    NoSpaceError,
    SignatureError,
    SignInError,
    UsageError,
)


class Exit(IntEnum):
    """The value is what the shell sees."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    NOT_SIGNED_IN = 3
    NO_ACCESS = 4
    DAMAGED = 5
    NETWORK = 6
    NO_SPACE = 7
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "Done.",
    Exit.REFUSED: "It cannot be done as asked: another run works in the folder, no such model, a batch goes on.",
    Exit.USAGE: "The command was not understood: an unknown option, a name of another form, no server.",
    Exit.NOT_SIGNED_IN: "No token, or one that does not work any more: run `gatehouse login`.",
    Exit.NO_ACCESS: "You may not have it, or not any more; the reason is told with what helps.",
    Exit.DAMAGED: "Not what was published: a file is missing or damaged, a manifest or signature was refused.",
    Exit.NETWORK: "Server or store gave no answer that can be used: try again, what arrived is kept.",
    Exit.NO_SPACE: "The disk is full, or would be: nothing that was fetched is lost.",
    Exit.INTERRUPTED: "Interrupted by Ctrl-C or a signal: the same download goes on from there.",
}

# The first that fits counts.
BY_CLASS: tuple[tuple[type[ClientError], Exit], ...] = (
    (SignInError, Exit.NOT_SIGNED_IN),
    (AccessError, Exit.NO_ACCESS),
    (DamagedError, Exit.DAMAGED),
    (ManifestError, Exit.DAMAGED),
    (SignatureError, Exit.DAMAGED),
    (NetworkError, Exit.NETWORK),
    (NoSpaceError, Exit.NO_SPACE),
    (UsageError, Exit.USAGE),
    (ClientError, Exit.REFUSED),
)


def exit_for(error: ClientError) -> Exit:
    return next(code for kind, code in BY_CLASS if isinstance(error, kind))
