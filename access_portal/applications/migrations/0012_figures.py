from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("applications", "0011_signals_can_be_forgotten")]

    operations = [
        migrations.AddIndex(  # which rebuilds no table, so that the triggers stay
            model_name="application",
            index=models.Index(
                fields=["submitted_at", "family", "state", "undo_until", "undo_to", "due_at", "decision"],
                name="application_figures",
            ),
        ),
    ]
