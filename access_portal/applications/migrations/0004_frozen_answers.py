from django.db import migrations

from access_portal.audit.immutability import frozen_columns

PROMISED = ["number", "applicant_id", "family_id", "acceptance_id", "form_version", "answers", "submitted_at"]


class Migration(migrations.Migration):
    dependencies = [("applications", "0003_refusal_and_own_claim")]

    operations = [frozen_columns("applications_application", PROMISED, "OLD.number IS NOT NULL")]
