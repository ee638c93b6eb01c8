from datetime import datetime

from django.conf import settings
from django.db import models

from eventhub import audit
from eventhub.db.transaction_ids import TransactionIdField
from events.models import Event
from registrations.models.registration import MAX_REASON, Registration


class Transition(models.Model):
    """A line in a registration's log; `was` is empty for a new one. Triggers write and protect it."""

    transaction_id = TransactionIdField()
    registration = models.ForeignKey(
        Registration, on_delete=models.DO_NOTHING, related_name="transitions", db_constraint=False, db_index=False
    )
    was = models.CharField(max_length=10, blank=True)
    becomes = models.CharField(max_length=10)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
    )
    through = models.CharField(max_length=10, choices=audit.Channel.choices, blank=True)
    # What the organizer says to a person whose registration they cancel. It goes with the person.
    reason = models.CharField(max_length=MAX_REASON, blank=True, default="", db_default="")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["registration", "id"], name="transition_by_registration"),
            models.Index(fields=["transaction_id", "id"], name="transition_by_transaction"),
        ]

    @classmethod
    def note(cls, registration: Registration, *, was: str, at: datetime) -> None:
        """Add a line that no trigger writes, since the status stays."""
        by, through = audit.actor()
        cls.objects.create(
            registration=registration, was=was, becomes=registration.status, at=at, by_id=by, through=through
        )


class Removal(models.Model):
    """A live registration of a person that was deleted, and its log with it. Triggers write it, for emails about it.

    To the triggers it is the database's own; services say who did it (services/removals.py). `was` is ON_HOLD for a
    seat that a guest had not confirmed.
    """

    ON_HOLD = "on_hold"

    transaction_id = TransactionIdField()
    registration_id = models.BigIntegerField(db_index=True)
    # No constraints, as with notices; the event may be gone, too.
    event = models.ForeignKey(Event, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    name = models.CharField(max_length=255, blank=True)
    was = models.CharField(max_length=10)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
    )
    through = models.CharField(max_length=10, choices=audit.Channel.choices)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["transaction_id", "id"], name="removal_by_transaction"),
            models.Index(fields=["at"], name="removal_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} of event {self.event_id}"
