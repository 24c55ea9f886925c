"""The links that count against a day's bytes are found without reading all the others."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("release", "0006_publishing")]

    operations = [
        migrations.AddIndex(
            "mint",
            models.Index(fields=["grant", "minted_at"], condition=Q(counted_bytes__gt=0), name="release_mint_counted"),
        ),
    ]
