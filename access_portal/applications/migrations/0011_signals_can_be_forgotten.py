"""What was seen in a case may be forgotten with its words; that something was seen, and of which kind, stays.

Two signals of one kind in one round have different values, so each is forgotten to a value of its own.
"""

from django.db import migrations

from access_portal.audit.immutability import append_only, frozen_columns, no_truncate, undo

ALWAYS = "OLD.id IS NOT NULL"
KEPT = ["application_id", "round", "kind", "level", "source", "at"]


class Migration(migrations.Migration):
    dependencies = [("applications", "0010_fill_queue_lines")]

    operations = [
        undo(append_only("applications_signal")),
        frozen_columns("applications_signal", KEPT, ALWAYS, erasable={"value": "'forgotten ' || OLD.id"}),
        no_truncate("applications_signal"),
    ]
