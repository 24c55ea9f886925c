"""Decisions become rows of their own, and what was sent becomes the first round."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from access_portal.questionnaires.house import make_house_form


def forwards(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    application = apps.get_model("applications", "Application")
    if not application.objects.exists():
        return
    make_house_form(using=schema.connection.alias, apps=apps)  # it asks the questions that were asked until now
    form = apps.get_model("questionnaires", "FormVersion").objects.get(family=None, number=1)
    for row in application.objects.all():
        row.form, row.rounds, row.created_at, row.saved_at = form, 1, row.submitted_at, row.submitted_at
        apps.get_model("applications", "Round").objects.create(
            application=row, number=1, answers=row.answers, form=form, acceptance=row.acceptance,
            sent_at=row.submitted_at,
        )  # fmt: skip
        if row.decided_by_id is not None:
            row.decision = _decision(apps, row)
        row.save()


def _decision(apps: StateApps, row: Any) -> Any:
    fixable = row.state == "refused" and row.may_reapply
    if row.state == "refused":
        row.state = "refused_fixable" if fixable else "refused_final"
    verdict = "approve" if row.state == "approved" else row.state.replace("refused", "refuse")
    return apps.get_model("applications", "Decision").objects.create(
        application=row, applicant=row.applicant, round=1, verdict=verdict, text=row.decision_text,
        code="" if verdict == "approve" else row.decision_code, what_to_change=row.what_to_change if fixable else "",
        by=row.decided_by, at=row.decided_at,
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("applications", "0005_rounds_judgements_office")]

    operations = [migrations.RunPython(forwards)]
