from django.db import migrations

from eventhub.db.operations import folded_search_index

FIELDS = ["title", "description", "location"]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0002_search_index"), ("accounts", "0007_folded_search")]
    operations = [folded_search_index("events.Event", FIELDS, replaced=FIELDS)]
