"""Ledger entries can be added, and neither changed nor deleted."""

from django.db import migrations

from access_portal.audit.immutability import append_only


class Migration(migrations.Migration):
    dependencies = [("inference_worker", "0002_chunk_lost_leases")]

    operations = [append_only("inference_worker_ledgerentry")]
