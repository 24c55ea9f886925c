"""With which program a report was made can be forgotten, as it can of a link; the report itself stays."""

from django.db import migrations

from access_portal.audit.immutability import append_only, frozen_columns, no_truncate, undo

REPORTED = ["artifact_id", "user_id", "grant_id", "outcome", "reported_at"]


class Migration(migrations.Migration):
    dependencies = [("release", "0008_uploads_and_readings")]

    operations = [
        undo(append_only("release_fetchreport")),
        frozen_columns("release_fetchreport", REPORTED, "OLD.id IS NOT NULL", erasable={"client": "''"}),
        no_truncate("release_fetchreport"),
    ]
