from django.db import migrations, models
from django.db.models import Q

from eventhub.db.operations import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0009_slugs")]
    operations = [
        AddIndexInUse(
            "event",
            models.Index(
                fields=["visibility", "date_time", "id"],
                condition=~Q(("visibility", "public")),
                name="event_not_public",
            ),
        ),
    ]
