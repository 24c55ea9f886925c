"""Tables for signatures, embargoes, layouts, byte quotas, fetch reports and store checks."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from access_portal.audit.immutability import frozen_columns, no_truncate, undo


promises = import_module("release.migrations.0002_promises")
forgettable = import_module("release.migrations.0003_addresses_can_be_forgotten")
append_only_but_addresses = frozen_columns(
    "release_mint", forgettable.KEPT, forgettable.ALWAYS, erasable={"address": "NULL", "user_agent": "''"}
)


class Migration(migrations.Migration):

    dependencies = [
        ('grants', '0008_who_was_told_of_a_stop'),
        ('release', '0003_addresses_can_be_forgotten'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # SQLite rebuilds these tables, which neither it nor its triggers would survive; the next migration makes them anew.
        undo(no_truncate("release_mint")),
        undo(append_only_but_addresses),
        migrations.RunPython(promises.drop, promises.create),
        undo(frozen_columns("release_release", promises.PROMISED, "OLD.state <> 'staged'")),
        migrations.CreateModel(
            name='FetchReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('verified', 'Whole'), ('damaged', 'Damaged')], max_length=10)),
                ('reported_at', models.DateTimeField()),
                ('client', models.CharField(blank=True, max_length=100)),
            ],
        ),
        migrations.CreateModel(
            name='StoreCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField()),
                ('read_bytes', models.PositiveBigIntegerField()),
                ('damages', models.JSONField(default=list)),
            ],
            options={
                'ordering': ['-ended_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('storage_key', models.CharField(max_length=700, unique=True)),
                ('upload_id', models.CharField(max_length=1024)),
                ('part_bytes', models.PositiveBigIntegerField()),
                ('began_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='artifact',
            name='git_sha1',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name='artifact',
            name='layout',
            field=models.CharField(choices=[('meta', 'meta'), ('hf', 'hf'), ('any', 'any')], default='any', max_length=4),
        ),
        migrations.AddField(
            model_name='mint',
            name='counted_bytes',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='mint',
            name='via',
            field=models.CharField(blank=True, choices=[('page', 'Browser'), ('hub', 'Hub client'), ('client', 'Our client')], max_length=10),
        ),
        migrations.AddField(
            model_name='release',
            name='deprecated_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='release',
            name='deprecated_reason',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='release',
            name='publish_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='release',
            name='scheduled_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='release',
            name='signature',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='release',
            name='successor',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='release.release'),
        ),
        migrations.AddField(
            model_name='release',
            name='verified_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='release',
            name='verified_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='release',
            name='state',
            field=models.CharField(choices=[('staged', 'Staged'), ('verified', 'Verified'), ('scheduled', 'Scheduled'), ('published', 'Published'), ('deprecated', 'Deprecated'), ('withdrawn', 'Withdrawn')], default='staged', max_length=20),
        ),
        migrations.AddIndex(
            model_name='mint',
            index=models.Index(fields=['grant', 'minted_at'], name='release_mint_of_a_grant'),
        ),
        migrations.AddField(
            model_name='fetchreport',
            name='artifact',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='release.artifact'),
        ),
        migrations.AddField(
            model_name='fetchreport',
            name='grant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fetch_reports', to='grants.grant'),
        ),
        migrations.AddField(
            model_name='fetchreport',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fetch_reports', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='storecheck',
            name='release',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='store_checks', to='release.release'),
        ),
        migrations.AddIndex(
            model_name='fetchreport',
            index=models.Index(fields=['artifact', 'user'], name='release_report_of_a_person'),
        ),
    ]
