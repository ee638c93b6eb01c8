from django.db import migrations

from eventhub.db.operations import indexes_of_expressions

# When what is completed begins (events/upcoming.py, `_IsCompletedBefore`).
INDEXES = {"event_completed": "((CASE WHEN status = 'completed' THEN date_time END))"}


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0009_trigrams")]
    operations = [indexes_of_expressions("events.Event", INDEXES)]
