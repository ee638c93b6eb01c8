from django.db import migrations

from eventhub.db.operations import search_index

# PostgreSQL puts new entries on a list first, which an INSERT works off when it is full. With the usual 4 MB that one
# INSERT keeps its event locked for 150 ms, once in 10,000; with 512 kB for 20 ms.
PENDING_KILOBYTES = 512


class Migration(migrations.Migration):
    dependencies = [("registrations", "0001_initial")]
    operations = [
        search_index(
            "registrations.Registration", ["name", "contact_details"], gin_pending_list_limit=PENDING_KILOBYTES
        ),
    ]
