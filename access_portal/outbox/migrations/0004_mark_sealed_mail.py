"""Mail that waits with a one-time link is known as such, so that it is not sent again once the link is wiped."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def mark(apps: Apps, schema: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("outbox", "OutboxMail").objects.exclude(sealed_body="").update(is_sealed=True)


class Migration(migrations.Migration):
    dependencies = [("outbox", "0003_cancelled_mail_and_webhooks")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
