"""The signed text holds user names, so it may be forgotten when a person leaves; it can still not be rewritten."""

from django.db import migrations

from access_portal.audit.immutability import append_only, frozen_columns, no_truncate, undo

ALWAYS = "OLD.id IS NOT NULL"
KEPT = ["grant_id", "acceptance_id", "content_sha256", "key_id", "made_at"]


class Migration(migrations.Migration):
    dependencies = [("receipts", "0002_append_only")]

    operations = [
        undo(append_only("receipts_receipt")),
        frozen_columns("receipts_receipt", KEPT, ALWAYS, erasable={"jws": "''"}),
        no_truncate("receipts_receipt"),
    ]
