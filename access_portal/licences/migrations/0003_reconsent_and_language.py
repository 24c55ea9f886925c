import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

from access_portal.audit.immutability import append_only, undo

PROMISE = append_only("licences_licenceacceptance")


def take_language_from_the_text(apps, schema):
    LicenceAcceptance = apps.get_model("licences", "LicenceAcceptance")
    LicenceVersion = apps.get_model("licences", "LicenceVersion")
    language = LicenceVersion.objects.filter(pk=OuterRef("version")).values("language")
    LicenceAcceptance.objects.update(language=Subquery(language))


class Migration(migrations.Migration):
    """Acceptances say the language of their text; their promise steps aside for it, and SQLite builds the table anew."""

    dependencies = [
        ("licences", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("licenceversion", "reconsent_by", models.DateTimeField(blank=True, null=True)),
        undo(PROMISE),
        migrations.AddField("licenceacceptance", "language", models.CharField(default="en", max_length=8)),
        migrations.RunPython(take_language_from_the_text, migrations.RunPython.noop),
        PROMISE,
        migrations.CreateModel(
            name="ReconsentNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("14_days", "fourteen days before"),
                            ("3_days", "three days before"),
                            ("due", "when the time was over"),
                        ],
                        max_length=10,
                    ),
                ),
                ("sent_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reconsent_notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reconsent_notices",
                        to="licences.licenceversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "version", "kind"), name="reconsent_notice_once")
                ],
            },
        ),
        append_only("licences_reconsentnotice"),
    ]
