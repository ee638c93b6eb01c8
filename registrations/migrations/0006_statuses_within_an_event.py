from django.db import migrations, models

from eventhub.db.operations import AddIndexInUse, RemoveIndexInUse


def index(name, *fields):
    return AddIndexInUse("registration", models.Index(fields=[*fields, "id"], name=name))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registrations", "0005_one_search_index")]
    # Those of before left out who is merely registered, whom nobody found in a crowd that had come.
    operations = [
        index("registration_within_event", "event", "status", "registration_date"),
        index("registration_within_event_name", "event", "status", "name"),
        RemoveIndexInUse("registration", "registration_event_status"),
        RemoveIndexInUse("registration", "registration_event_status_name"),
    ]
