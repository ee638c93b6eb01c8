from django.db import models

from eventhub import audit
from eventhub.db.transaction_ids import TransactionIdField
from events.models.event import Event


class EventChange(models.Model):
    """A change that attendees care about. Triggers write it, also for raw SQL.

    `was` and `becomes` hold the title, the times and their zone, the place, the online link and the status.
    """

    transaction_id = TransactionIdField()
    event = models.ForeignKey(
        Event, on_delete=models.DO_NOTHING, related_name="changes", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()
    through = models.CharField(max_length=10, choices=audit.Channel.choices)
    was = models.JSONField()
    becomes = models.JSONField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["transaction_id", "id"], name="event_change_by_transaction"),
            models.Index(fields=["event", "id"], name="event_change_by_event"),
            models.Index(fields=["at"], name="event_change_by_age"),
        ]
