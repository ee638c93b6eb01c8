from django.db import migrations, models

from eventhub.db.operations import AddIndexInUse, indexes_of_expressions

# For where a stretch of time begins or ends within eight weeks (events/weeks.py); the expression is the text of `Piece`.
DAYS = "((((date_time) AT TIME ZONE 'UTC')::date - DATE '2001-01-01') / 4)"
# SP-GiST finds the spans that hold a moment on a fifth of the pages that GiST reads for it.
INDEXES = {
    "event_by_days_title": f"({DAYS}, title, id)",
    "event_by_days_creation": f"({DAYS}, created_at, id)",
    "event_by_span": "USING spgist (tstzrange(date_time, last_mark, '[]'))",
}
BEFORE = {"event_spans": "USING gist (tstzrange(date_time, last_mark, '[]'))"}


def of_full(*fields):
    name = f"event_full_{'_'.join(fields)}"
    condition = models.Q(has_free_seats=False)
    return AddIndexInUse("event", models.Index(fields=[*fields, "id"], condition=condition, name=name))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0007_weeks_in_other_orders")]
    operations = [
        indexes_of_expressions("events.Event", INDEXES, instead_of=BEFORE),
        of_full("title"),
        of_full("created_at"),
        of_full("status", "date_time"),
        of_full("status", "title"),
        of_full("status", "created_at"),
    ]
