from django.db import migrations

from eventhub.db.operations import one_search_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registrations", "0004_statuses_in_every_order")]
    operations = [
        # A short list of what waits to be sorted in, as the two of 0003_search_indexes had together: with half of it,
        # a registration writes half as much again to the log.
        one_search_index(
            "registrations.Registration",
            ["name", "contact_details"],
            instead_of=["name", "contact_details"],
            gin_pending_list_limit=512,
        ),
    ]
