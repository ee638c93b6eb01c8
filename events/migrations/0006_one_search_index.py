from django.db import migrations

from eventhub.db.operations import one_search_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0005_filters_in_every_order")]
    # The index of places alone stays, for the filter by place.
    operations = [
        one_search_index("events.Event", ["title", "description", "location"], instead_of=["title", "description"]),
    ]
