"""What was sent, said and decided stays as it is; the words of people may be forgotten, but not rewritten."""

from django.db import migrations

from access_portal.audit.immutability import append_only, frozen_columns

ALWAYS = "OLD.id IS NOT NULL"
CASE = ["number", "applicant_id", "family_id", "created_at"]


class Migration(migrations.Migration):
    dependencies = [("applications", "0007_answered_by_decisions")]

    operations = [
        frozen_columns(
            "applications_application",
            CASE,
            "OLD.number IS NOT NULL",
            erasable={"answers": "CASE WHEN OLD.state IN ('draft', 'info_requested') THEN NEW.answers ELSE '{}' END"},
        ),
        frozen_columns(
            "applications_round", ["application_id", "number", "form_id", "acceptance_id", "sent_at"], ALWAYS,
            erasable={"answers": "'{}'"},
        ),
        frozen_columns(
            "applications_message", ["application_id", "author_id", "from_office", "at"], ALWAYS, erasable={"text": "''"}
        ),
        frozen_columns("applications_note", ["application_id", "author_id", "at"], ALWAYS, erasable={"text": "''"}),
        frozen_columns(
            "applications_opinion", ["application_id", "round", "by_id", "verdict", "at"], ALWAYS, erasable={"text": "''"}
        ),
        frozen_columns(
            "applications_recommendation",
            ["application_id", "round", "by_id", "verdict", "code", "checked", "doubt", "at"],
            ALWAYS,
            erasable={"text": "''"},
        ),
        frozen_columns(
            "applications_decision",
            ["application_id", "applicant_id", "round", "verdict", "code", "retry_from", "by_id", "at"],
            ALWAYS,
            erasable={"text": "'-'", "what_to_change": "'-'"},
        ),
        frozen_columns(
            "applications_appeal", ["application_id", "against_id", "at"], ALWAYS, erasable={"text": "''"}
        ),
        frozen_columns(
            "applications_inforequest",
            ["application_id", "round", "question", "asked_by_id", "asked_at"],
            ALWAYS,
            erasable={"text": "''"},
        ),
        append_only("applications_signal"),
    ]
