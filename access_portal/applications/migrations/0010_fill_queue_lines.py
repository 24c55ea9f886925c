"""Applications that were sent before the queue had lines get theirs."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SLICE = 500


def fill(apps: Apps, schema: BaseDatabaseSchemaEditor) -> None:
    application = apps.get_model("applications", "Application")
    line = apps.get_model("applications", "QueueLine")
    rows = application.objects.using(schema.connection.alias).filter(submitted_at__isnull=False)
    columns = rows.filter(queue_line=None).values_list("pk", "answers", "applicant__email")
    lines = (
        line(
            application_id=pk,
            institution=str(answers.get("institution", ""))[:200],
            country=str(answers.get("country", ""))[:100],
            position=str(answers.get("position", ""))[:60],
            domain=email.rpartition("@")[2].lower()[:253],
        )
        for pk, answers, email in columns.iterator()
    )
    line.objects.using(schema.connection.alias).bulk_create(lines, batch_size=SLICE)


class Migration(migrations.Migration):
    dependencies = [("applications", "0009_queue_lines")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
