from django.db import migrations

# PostgreSQL estimates how many registrations any event has by the number of different events that its sample met, which
# most of the time is a handful: it would gather and sort those of a crowd, for a page that an index has in its order.
# Told to expect a hundred of each, it reads them in order, at no cost where there are fewer.
EXPECTED = 100


def tell(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        table = "registrations_registration"
        schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN event_id SET (n_distinct = {-1 / EXPECTED})")
        schema_editor.execute(f"ANALYZE {table} (event_id)")


def take_back(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        table = "registrations_registration"
        schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN event_id RESET (n_distinct)")
        schema_editor.execute(f"ANALYZE {table} (event_id)")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registrations", "0006_statuses_within_an_event")]
    operations = [migrations.RunPython(tell, take_back)]
