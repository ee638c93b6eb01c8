from django.db import migrations, models

from eventhub.db.operations import AddIndexInUse


def index(name, *fields):
    merely_registered = models.Q(("status", "registered"))
    return AddIndexInUse("registration", models.Index(fields=[*fields, "id"], condition=~merely_registered, name=name))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registrations", "0003_search_indexes")]
    operations = [
        index("registration_status_name", "status", "name"),
        index("registration_event_status", "event", "status", "registration_date"),
        index("registration_event_status_name", "event", "status", "name"),
    ]
