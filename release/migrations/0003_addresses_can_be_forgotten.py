"""From where and with which program a link was asked for may be forgotten; the rest of the line stays as it was."""

from django.db import migrations

from access_portal.audit.immutability import append_only, frozen_columns, no_truncate, undo

ALWAYS = "OLD.id IS NOT NULL"
KEPT = ["artifact_id", "user_id", "grant_id", "minted_at", "expires_at"]


class Migration(migrations.Migration):
    dependencies = [("release", "0002_promises")]

    operations = [
        undo(append_only("release_mint")),
        frozen_columns("release_mint", KEPT, ALWAYS, erasable={"address": "NULL", "user_agent": "''"}),
        no_truncate("release_mint"),
    ]
