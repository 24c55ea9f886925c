from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inference_worker", "0003_ledger_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="idempotencykey", name="idempotency_key_once_per_owner"),
        migrations.AddField(
            model_name="idempotencykey",
            name="route",
            field=models.CharField(default="", max_length=60),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="idempotencykey",
            constraint=models.UniqueConstraint(
                fields=("owner", "route", "key"), name="idempotency_key_once_per_route"
            ),
        ),
    ]
