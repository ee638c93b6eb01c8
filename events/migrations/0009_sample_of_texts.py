from django.db import migrations

from eventhub.migrating import sample_of_texts


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0008_edges_of_stretches_and_full_events")]
    operations = [sample_of_texts("events.Event", 400)]
