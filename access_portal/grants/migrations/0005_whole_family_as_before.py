"""Until now a grant without named sizes covered the whole family; that is said outright from here on."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def say_it_outright(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("grants", "Grant").objects.filter(variants__isnull=True).update(whole_family=True)


class Migration(migrations.Migration):
    dependencies = [("grants", "0004_life_of_a_grant")]

    operations = [migrations.RunPython(say_it_outright, migrations.RunPython.noop)]
