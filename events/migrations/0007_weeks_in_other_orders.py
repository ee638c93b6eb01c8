from django.db import migrations

from eventhub.db.operations import indexes_of_expressions

# For lists of a stretch of time in another order (events/weeks.py): on PostgreSQL, which alone reads them so. The
# expression is the text of `Piece` there.
WEEKS = "((((date_time) AT TIME ZONE 'UTC')::date - DATE '2001-01-01') / 56)"
INDEXES = {
    "event_by_weeks_title": f"({WEEKS}, title, id)",
    "event_by_weeks_creation": f"({WEEKS}, created_at, id)",
}


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0006_one_search_index")]
    operations = [indexes_of_expressions("events.Event", INDEXES)]
