"""An answer stays as it was given; the people in it may be forgotten, but not rewritten."""

from django.db import migrations

from access_portal.audit.immutability import frozen_columns


class Migration(migrations.Migration):
    dependencies = [("references", "0001_references")]

    operations = [
        frozen_columns(
            "references_reference",
            ["application_id", "round", "kind", "created_at", "answered_at", "answered_round", "verdict"],
            "OLD.answered_at IS NOT NULL",
            erasable={"name": "''", "email": "''", "comment": "''", "answered_name": "''"},
        ),
    ]
