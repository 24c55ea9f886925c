"""`manage.py receipts key | public`: a new signing key for the settings, and the public keys in use."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from access_portal.receipts.keys import new_private_key
from access_portal.receipts.signing import published_keys


class Command(BaseCommand):
    help = "Make a key for GATEHOUSE_RECEIPT_KEY (receipts key), or show the public keys (receipts public)."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("key", help="print a new private key on one line; keep it where secrets are kept")
        verbs.add_parser("public", help="print the public keys, as GATEHOUSE_RECEIPT_OLD_KEYS takes them")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        self.stdout.write(new_private_key() if verb == "key" else json.dumps(published_keys()))
