from django.db import migrations

from eventhub.db.operations import search_index


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [search_index("events.Event", ["title", "description", "location"])]
