"""Where the text of a receipt was forgotten, the same statement can be made again for whoever still has a right to it.

SQLite rebuilds the table for this, so its triggers are made again at the end.
"""

from django.db import migrations, models

from access_portal.audit.immutability import frozen_columns, no_truncate, undo

ALWAYS = "OLD.id IS NOT NULL"
KEPT = ["grant_id", "acceptance_id", "content_sha256", "key_id", "made_at"]
WHOLE = models.Q(("jws", ""), _negated=True)
FROZEN = frozen_columns("receipts_receipt", KEPT, ALWAYS, erasable={"jws": "''"})
NAMES = {"receipt_once_per_state_of_grant": "grant", "receipt_once_per_acceptance": "acceptance"}


class Migration(migrations.Migration):
    dependencies = [("receipts", "0003_texts_can_be_forgotten")]

    operations = [
        undo(no_truncate("receipts_receipt")),
        undo(FROZEN),
        *(migrations.RemoveConstraint("receipt", name) for name in NAMES),
        *(
            migrations.AddConstraint(
                "receipt",
                models.UniqueConstraint(fields=[about, "content_sha256", "key_id"], condition=WHOLE, name=name),
            )
            for name, about in NAMES.items()
        ),
        FROZEN,
        no_truncate("receipts_receipt"),
    ]
