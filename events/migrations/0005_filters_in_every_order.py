from django.conf import settings
from django.db import migrations, models

from eventhub.db.operations import AddIndexInUse, indexes_of_expressions

# The spans of events, for those that have begun and go on: SQLite has no such index. `last_mark` is no earlier than
# `date_time`, and a registration changes neither.
SPANS = {"event_spans": "USING gist (tstzrange(date_time, last_mark, '[]'))"}


def index(name, *fields):
    return AddIndexInUse("event", models.Index(fields=[*fields, "id"], name=name))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("events", "0004_who_can_organize"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        index("event_by_status_title", "status", "title"),
        index("event_by_status_creation", "status", "created_at"),
        index("event_by_organizer_title", "organizer", "title"),
        index("event_by_organizer_creation", "organizer", "created_at"),
        indexes_of_expressions("events.Event", SPANS),
    ]
