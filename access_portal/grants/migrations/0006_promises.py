"""What a grant gives stays as it was given, its end is final, and what happened in its life stays on record.

SQLite cannot rebuild `grants_grant` while `grants_scope_frozen_*` look at it: a migration that does so begins with
`undo` of these operations and ends with them.
"""

from collections.abc import Sequence

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from access_portal.audit.immutability import append_only, frozen_columns

GIVEN = [
    "number", "holder_id", "kind", "lab_name", "family_id", "whole_family", "application_id", "supersedes_id",
    "licence_version_id", "starts_at", "ends_at", "reason", "may_download", "may_infer", "given_by_id",
]
ALWAYS = "OLD.id IS NOT NULL"
_FINAL = "'revoked', 'superseded', 'surrendered', 'undone'"


def changed(*columns: str) -> str:
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


# Name, table, event, when it is refused, why. A condition may look at another table: PostgreSQL allows that inside a
# trigger's function and SQLite in its WHEN.
REFUSED: Sequence[tuple[str, str, str, str, str]] = [
    *(
        (
            f"grants_scope_frozen_{event.lower()}", "grants_grant_variants", event,
            f"EXISTS (SELECT 1 FROM grants_grant WHERE id IN ({rows}) AND number IS NOT NULL)",
            "the sizes of a grant are frozen",
        )
        for event, rows in [
            ("INSERT", "NEW.grant_id"), ("UPDATE", "OLD.grant_id, NEW.grant_id"), ("DELETE", "OLD.grant_id"),
        ]
    ),
    (
        "grants_grant_end_is_final", "grants_grant", "UPDATE",
        f"(OLD.state IN ({_FINAL}) AND NEW.state <> OLD.state)"
        " OR (OLD.state = 'expired' AND NEW.state NOT IN ('expired', 'superseded'))",
        "the end of a grant is final",
    ),
    (
        "grants_grantmember_joining_stays", "grants_grantmember", "UPDATE",
        f"(OLD.joined_at IS NOT NULL AND ({changed('user_id', 'joined_at', 'acceptance_id')}))"
        f" OR (OLD.removed_at IS NOT NULL AND ({changed('removed_at', 'removed_by_id', 'user_id')}))",
        "a place in a lab grant stays on record",
    ),
    (
        "grants_revocation_outcome_stays", "grants_revocation", "UPDATE",
        "(OLD.ratified_at IS NOT NULL OR OLD.declined_at IS NOT NULL OR OLD.lapsed_at IS NOT NULL) AND ("
        + changed("ratified_by_id", "ratified_at", "declined_by_id", "declined_at", "declined_reason", "lapsed_at")
        + ")",
        "the outcome of a revocation stays",
    ),
    (
        "grants_renewal_answer_stays", "grants_renewal", "UPDATE",
        f"OLD.state <> 'asked' AND ({changed('state', 'decided_by_id', 'decided_at', 'text', 'new_grant_id')})",
        "the answer to a renewal stays",
    ),
    (
        "grants_stop_lifting_stays", "grants_stop", "UPDATE",
        f"OLD.lifted_at IS NOT NULL AND ({changed('lifted_by_id', 'lifted_at', 'lift_reason')})",
        "a lifted stop stays lifted",
    ),
]  # fmt: skip


def create(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    for name, table, event, when, message in REFUSED:
        trigger = f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
        if schema.connection.vendor == "sqlite":  # `IS NOT` is SQLite's older spelling of IS DISTINCT FROM
            condition = when.replace("IS DISTINCT FROM", "IS NOT")
            schema.execute(f"{trigger} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END")
            continue
        row = "OLD" if event == "DELETE" else "NEW"
        schema.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {when} THEN"
            f" RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
            f" END IF; RETURN {row}; END $$"
        )
        schema.execute(f"{trigger} FOR EACH ROW EXECUTE FUNCTION {name}()")


def drop(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    for name, table, *_ in REFUSED:
        if schema.connection.vendor == "sqlite":
            schema.execute(f"DROP TRIGGER {name}")
        else:
            schema.execute(f"DROP TRIGGER {name} ON {table}")
            schema.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("grants", "0005_whole_family_as_before")]

    operations = [
        frozen_columns("grants_grant", GIVEN, "OLD.number IS NOT NULL"),
        frozen_columns(
            "grants_grantmember", ["grant_id", "invited_by_id", "invited_at"], ALWAYS, {"email": "''", "name": "''"}
        ),
        frozen_columns("grants_revocation", ["grant_id", "proposed_by_id", "proposed_at", "reason", "emergency"], ALWAYS),
        frozen_columns("grants_renewal", ["grant_id", "asked_by_id", "asked_at"], ALWAYS, {"outputs": "''"}),
        frozen_columns("grants_stop", ["scope", "user_id", "grant_id", "family_id", "reason", "by_id", "at"], ALWAYS),
        append_only("grants_attestation"),
        append_only("grants_grantnotice"),
        append_only("grants_surrender"),
        migrations.RunPython(create, drop),
    ]
