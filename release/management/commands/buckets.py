"""`manage.py buckets [make|check]`: make both buckets, or see whether the store does what we rely on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from access_portal.errors import GatehouseError
from release.contract.checking import Finding, findings
from release.management.refusing import refusal
from release.storage import jobs_store, weights_store


class Command(BaseCommand):
    help = (
        "make (the default): make the buckets for weights and jobs where they are missing; what is there stays as it "
        "is. check: try on objects of its own whether the store does what we rely on, and what the signer can do."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", choices=["make", "check"], default="make")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            if action == "check":
                return self._check()
            weights_store().ensure_bucket()
            jobs_store().ensure_bucket()
        except GatehouseError as error:
            raise refusal(error) from error
        return None

    def _check(self) -> None:
        failures = 0
        for finding in findings(timezone.now()):
            self.stdout.write(_line(finding))
            failures += finding.is_failure
        if failures:
            raise CommandError(f"{failures} of the things that we rely on do not hold with this store.")


def _line(finding: Finding) -> str:
    if finding.holds:
        return f"yes   {finding.row.what}"
    cause = f" ({finding.cause})" if finding.cause else ""
    if finding.row.needed:
        return f"FAILS {finding.row.what}{cause}"
    return f"no    {finding.row.what}{cause}: {finding.row.otherwise}"
