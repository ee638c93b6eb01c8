from django.db import migrations

TABLE = "registrations_registration"
# PostgreSQL guesses how many registrations an event has from the number of events in its sample, and mostly takes it
# for a handful: it would gather and sort the rows of a large event, for a page that an index has in order. Told to
# expect a hundred for each, it reads them in order, at no cost where there are fewer.
EXPECTED = 100


def tell(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN event_id SET (n_distinct = {-1 / EXPECTED})")
        # An event has one organizer: asked for both, PostgreSQL would else expect hardly any row.
        schema_editor.execute(
            f"CREATE STATISTICS registration_organizer (dependencies) ON event_id, organizer_id FROM {TABLE}"
        )


def take_back(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP STATISTICS IF EXISTS registration_organizer")
        schema_editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN event_id RESET (n_distinct)")


class Migration(migrations.Migration):
    dependencies = [("registrations", "0002_search_index")]
    operations = [migrations.RunPython(tell, take_back)]
