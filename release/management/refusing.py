"""What the house or the store refuses, as the last words of a command."""

from __future__ import annotations

from django.core.management.base import CommandError

from access_portal.errors import GatehouseError
from release.client.wording import printable
from release.errors import StoreUnavailableError

REFUSED, TRY_AGAIN = 1, 3  # exit status


def refusal(error: GatehouseError) -> CommandError:
    """Cause and cure; the operator, who can do something about the store, reads also what it said and of which file."""
    words = [error.explanation, error.remedy]
    if isinstance(error, StoreUnavailableError):
        about = f" about {error.key}" if error.key else ""
        words.insert(1, printable(f"It said: {error.cause}{about}."))
    status = TRY_AGAIN if isinstance(error, StoreUnavailableError) else REFUSED
    between = "\n" if "\n" in error.explanation else " "  # a list ends before what helps
    return CommandError(between.join(word for word in words if word), returncode=status)
