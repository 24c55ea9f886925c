import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("grants", "0003_state_known"),
        ("licences", "0003_reconsent_and_language"),
    ]

    operations = [
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_sha256", models.CharField(max_length=64)),
                ("jws", models.TextField()),
                ("key_id", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                (
                    "acceptance",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="licences.licenceacceptance",
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="grants.grant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("acceptance__isnull", False), ("grant__isnull", True)),
                            models.Q(("acceptance__isnull", True), ("grant__isnull", False)),
                            _connector="OR",
                        ),
                        name="receipt_of_one_thing",
                    ),
                    models.UniqueConstraint(
                        fields=("grant", "content_sha256", "key_id"), name="receipt_once_per_state_of_grant"
                    ),
                    models.UniqueConstraint(
                        fields=("acceptance", "content_sha256", "key_id"), name="receipt_once_per_acceptance"
                    ),
                ],
            },
        ),
    ]
