from django.db import migrations

from eventhub.db.operations import statistics_of_trigrams


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0008_edges_of_stretches_and_full_events")]
    operations = [statistics_of_trigrams("events.Event", ["title", "description", "location"])]
