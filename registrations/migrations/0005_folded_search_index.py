from django.db import migrations

from eventhub.db.operations import folded_search_index

PENDING_KILOBYTES = 512  # as in 0002_search_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registrations", "0004_phone"), ("accounts", "0007_folded_search")]
    operations = [
        folded_search_index(
            "registrations.Registration",
            ["name", "contact_details", "phone"],
            replaced=["name", "contact_details"],
            gin_pending_list_limit=PENDING_KILOBYTES,
        ),
    ]
