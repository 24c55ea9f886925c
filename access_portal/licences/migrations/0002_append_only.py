from django.db import migrations

from access_portal.audit.immutability import append_only


class Migration(migrations.Migration):
    dependencies = [("licences", "0001_initial")]

    operations = [append_only("licences_licenceversion"), append_only("licences_licenceacceptance")]
