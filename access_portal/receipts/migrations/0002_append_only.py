from django.db import migrations

from access_portal.audit.immutability import append_only


class Migration(migrations.Migration):
    dependencies = [("receipts", "0001_initial")]

    operations = [append_only("receipts_receipt")]
