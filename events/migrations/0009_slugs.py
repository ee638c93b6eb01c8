from django.db import migrations, models
from django.db.models import Q

from eventhub.db.operations import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0008_day_ends")]
    operations = [
        AddIndexInUse(
            "event",
            models.Index(
                fields=["id"],
                condition=Q(("slug", "")) & ~Q(("status", "draft")) & ~Q(("visibility", "private")),
                name="event_without_slug",
            ),
        ),
    ]
