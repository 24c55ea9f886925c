"""A version on each grant for the optimistic lock, what changed since it was given, and labs that pass on.

The columns are added as both databases do it without rebuilding a table: SQLite would lose its triggers.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from access_portal.audit.immutability import frozen_columns, undo

ALWAYS = "OLD.id IS NOT NULL"
ASKED = ["grant_id", "asked_by_id", "asked_at"]
ANSWER = ("state", "decided_by_id", "decided_at", "text", "new_grant_id")  # free until it is given
ANSWERED = {
    "reason": "''",
    **{name: f"CASE WHEN OLD.state = 'asked' THEN NEW.{name} ELSE OLD.{name} END" for name in ANSWER},
}


def column(table: str, name: str, definition: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD COLUMN {name} {definition}", f"ALTER TABLE {table} DROP COLUMN {name}"
    )


def person(related_name: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to=settings.AUTH_USER_MODEL,
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [("grants", "0006_promises"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[column("grants_grant", "version", "integer NOT NULL DEFAULT 1 CHECK (version >= 0)")],
            state_operations=[
                migrations.AddField("grant", "version", models.PositiveIntegerField(db_default=1)),
            ],
        ),
        undo(frozen_columns("grants_renewal", ASKED, ALWAYS, {"outputs": "''"})),
        migrations.SeparateDatabaseAndState(
            database_operations=[column("grants_renewal", "changes", "text NOT NULL DEFAULT ''")],
            state_operations=[
                migrations.AddField("renewal", "changes", models.TextField(blank=True, db_default="")),
            ],
        ),
        frozen_columns("grants_renewal", ASKED, ALWAYS, {"outputs": "''", "changes": "''"}),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField()),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Waiting for an answer"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                        ],
                        default="asked",
                        max_length=20,
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("text", models.TextField(blank=True)),
                ("asked_by", person("transfers_asked")),
                ("decided_by", person("transfers_decided", blank=True, null=True)),
                ("to", person("transfers_to")),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="grants.grant"
                    ),
                ),
                (
                    "new_grant",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfer_of",
                        to="grants.grant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(state__in=["asked", "approved", "refused"]), name="transfer_state_known"
                    ),
                    models.CheckConstraint(
                        condition=Q(state="asked", decided_by__isnull=True, decided_at__isnull=True)
                        | (~Q(state="asked") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                        name="transfer_decision_has_a_name_and_a_time",
                    ),
                    models.CheckConstraint(
                        condition=Q(state="approved", new_grant__isnull=False)
                        | (~Q(state="approved") & Q(new_grant__isnull=True)),
                        name="transfer_approved_gives_a_grant",
                    ),
                    models.CheckConstraint(
                        condition=Q(decided_by__isnull=True) | (~Q(decided_by=F("asked_by")) & ~Q(decided_by=F("to"))),
                        name="nobody_approves_their_own_transfer",
                    ),
                    models.UniqueConstraint(
                        fields=["grant"], condition=Q(state="asked"), name="one_open_transfer_per_grant"
                    ),
                ],
            },
        ),
        frozen_columns("grants_transfer", ["grant_id", "to_id", "asked_by_id", "asked_at"], ALWAYS, ANSWERED),
    ]
