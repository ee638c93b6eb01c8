from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    """Create the table of the default cache. Does nothing where CACHE_URL names another kind of cache."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    # Going back leaves the table, which `createcachetable` does not make twice.
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
