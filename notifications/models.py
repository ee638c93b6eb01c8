import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from eventhub import audit
from eventhub.languages import Language
from eventhub.text_fields import DetailsField, LineField
from events.models import Event, EventChange
from registrations.models import Registration, Removal, Transition


class Kind(models.TextChoices):
    REGISTERED = "registered", "Registration confirmed"
    QUEUED = "queued", "On the waiting list"
    SEATED = "seated", "Seat from the waiting list"
    CANCELLED = "cancelled", "Registration cancelled"
    TICKET = "ticket", "New ticket"
    EVENT_CHANGED = "event_changed", "Event changed"
    EVENT_CANCELLED = "event_cancelled", "Event cancelled"
    EVENT_REOPENED = "event_reopened", "Event takes place after all"
    REMINDER = "reminder", "Reminder"
    ANSWERS = "answers", "Open questions"
    MESSAGE = "message", "Message from the organizer"
    DIGEST = "digest", "Summary for the organizer"
    OPENED = "opened", "Registration opened"
    SEAT_FREE = "seat_free", "Seat free"


class Priority(models.IntegerChoices):
    """The order of sending; links to accounts do not wait here at all (accounts/mails.py)."""

    OWN = 1, "What concerns one person"
    EVENT = 2, "Changes of an event"
    REMINDER = 3, "Reminders"
    BULK = 4, "Messages and summaries"


PRIORITIES = {
    Kind.EVENT_CHANGED: Priority.EVENT,
    Kind.EVENT_CANCELLED: Priority.EVENT,
    Kind.EVENT_REOPENED: Priority.EVENT,
    Kind.REMINDER: Priority.REMINDER,
    Kind.ANSWERS: Priority.EVENT,
    Kind.MESSAGE: Priority.BULK,
    Kind.DIGEST: Priority.BULK,
    Kind.OPENED: Priority.REMINDER,
    Kind.SEAT_FREE: Priority.REMINDER,
}
# For people who marked an event; without a registration.
OF_INTEREST = (Kind.OPENED, Kind.SEAT_FREE)


class State(models.TextChoices):
    QUEUED = "queued", "Waits"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Not sent"
    STOPPED = "stopped", "Stopped"


class LogPosition(models.Model):
    """How far a log has been read. Its row is the lock of the reader."""

    log = models.CharField(max_length=15, primary_key=True)
    transaction_id = models.BigIntegerField()
    row_id = models.BigIntegerField()

    def __str__(self) -> str:
        return self.log


class MessageState(models.TextChoices):
    QUEUED = "queued", "Waits"
    SENDING = "sending", "Being sent"
    DONE = "done", "Sent"
    STOPPED = "stopped", "Stopped"


class Message(models.Model):
    """What an organizer writes to attendees of an event. `audience` says to whom (services/audience.py)."""

    # No constraints, as with notices.
    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="messages", db_constraint=False, db_index=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", db_constraint=False, null=True
    )
    # A search means what it means in the list that the message was written from.
    through = models.CharField(max_length=10, choices=audit.Channel.choices, default=audit.channel)
    subject = LineField(max_length=200)
    body = DetailsField(max_length=10_000)
    audience = models.JSONField(default=dict)
    recipients = models.PositiveIntegerField()  # when it was written
    state = models.CharField(max_length=7, choices=MessageState.choices, default=MessageState.QUEUED)
    send_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["event", "created_at", "id"], name="message_by_event"),
            models.Index(fields=["id"], condition=Q(state=MessageState.SENDING), name="message_being_sent"),
            models.Index(fields=["created_at"], name="message_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.subject)


class FanOut(models.Model):
    """One cause with a notice for each attendee, which are made piece by piece."""

    # Names the cause, so that each makes one fan-out.
    key = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=15, choices=Kind.choices)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    # The first of the changes that it tells of, and the beginning of the event that a reminder is for.
    change = models.ForeignKey(
        EventChange, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    begins = models.DateTimeField(null=True)
    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, null=True, db_constraint=False, related_name="fan_out"
    )
    # People who registered later know already.
    registered_before = models.DateTimeField(null=True)
    not_before = models.DateTimeField()
    # Of accounts, for people who marked the event.
    last_registration_id = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["not_before", "id"], condition=Q(done_at=None), name="fan_out_due"),
            models.Index(fields=["created_at"], name="fan_out_by_age"),
        ]

    def __str__(self) -> str:
        return self.key


class WatchedEvent(models.Model):
    """What an event that people marked was like when it was looked at last, so that a change is told once."""

    event = models.OneToOneField(
        Event, on_delete=models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    is_open = models.BooleanField()
    has_seat = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.event_id}"


class Notice(models.Model):
    """A mail to one person about one cause: a line in a log, a fan-out, or the time of a summary.

    Its text is made when it is sent.
    """

    uid = models.UUIDField(default=uuid.uuid4, editable=False)  # of the Message-ID
    kind = models.CharField(max_length=15, choices=Kind.choices)
    priority = models.SmallIntegerField(choices=Priority.choices)
    # No constraints: the previous release must be able to delete an account and an event during an upgrade.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notices",
        db_constraint=False,
        db_index=False,
    )
    # None only for a summary, which has a mail of its own. The code for the other kinds relies on an event.
    event: models.ForeignKey[Any, Any] = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="notices", db_constraint=False, db_index=False, null=True
    )
    registration = models.ForeignKey(
        Registration, on_delete=models.DO_NOTHING, related_name="notices", db_constraint=False, null=True
    )
    transition = models.ForeignKey(
        Transition, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False, null=True
    )
    fan_out = models.ForeignKey(
        FanOut, on_delete=models.CASCADE, related_name="notices", db_constraint=False, db_index=False, null=True
    )
    removal = models.ForeignKey(
        Removal, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False, null=True
    )
    # What a summary is about.
    digest_from = models.DateTimeField(null=True)
    digest_until = models.DateTimeField(null=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED)
    not_before = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    why = models.CharField(max_length=120, blank=True)  # why it failed or was not sent; names no address
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transition"], name="notice_once_for_a_transition"),
            models.UniqueConstraint(fields=["removal"], name="notice_once_for_a_removal"),
            models.UniqueConstraint(fields=["fan_out", "registration"], name="notice_once_in_a_fan_out"),
            models.UniqueConstraint(
                fields=["user", "digest_until"],
                condition=Q(digest_until__isnull=False),
                name="notice_once_for_a_digest",
            ),
            models.CheckConstraint(
                condition=Q(
                    transition=None, fan_out__isnull=False, removal=None, digest_until=None, event__isnull=False
                )
                | Q(transition__isnull=False, fan_out=None, removal=None, digest_until=None, event__isnull=False)
                | Q(transition=None, fan_out=None, removal__isnull=False, digest_until=None, event__isnull=False)
                | Q(
                    transition=None,
                    fan_out=None,
                    removal=None,
                    event=None,
                    digest_from__isnull=False,
                    digest_until__isnull=False,
                    digest_from__lt=F("digest_until"),
                ),
                name="notice_is_about_a_cause",
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "not_before", "id"], condition=Q(state=State.QUEUED), name="notice_waiting"
            ),
            models.Index(fields=["claimed_at"], condition=Q(state=State.SENDING), name="notice_being_sent"),
            models.Index(fields=["user", "done_at"], name="notice_by_user"),
            # With all that the numbers on an event's pages are made of.
            models.Index(fields=["event", "state", "kind", "fan_out"], name="notice_by_event"),
            models.Index(fields=["created_at"], name="notice_by_age"),
            models.Index(fields=["done_at", "id"], condition=Q(state=State.FAILED), name="notice_failed"),
        ]
        verbose_name = "failed email"

    def __str__(self) -> str:
        return str(self.get_kind_display())

    def end(self, state: str, *, at: datetime, why: str = "") -> None:
        # Not `save`, which fails for a row that went with its account while the mail was on its way.
        Notice.objects.filter(pk=self.pk).update(state=state, done_at=at, why=why, attempts=self.attempts)


class OptOutScope(models.TextChoices):
    EVERYTHING = "everything", "Messages of all organizers"
    ORGANIZER = "organizer", "Messages of one organizer"
    EVENT = "event", "Messages about one event"
    REMINDERS = "reminders", "Reminders"
    DIGESTS = "digests", "Summaries of one's own events"


# They name neither an organizer nor an event.
NAMELESS = (OptOutScope.EVERYTHING, OptOutScope.REMINDERS, OptOutScope.DIGESTS)


class OptOut(models.Model):
    """Mails that a person does not want. Mails about a registration or a change come all the same."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="opt_outs",
        db_constraint=False,
        db_index=False,
    )
    scope = models.CharField(max_length=10, choices=OptOutScope.choices)
    organizer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_constraint=False, null=True
    )
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+", db_constraint=False, null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "user", "scope", Coalesce("organizer", 0), Coalesce("event", 0), name="opt_out_once_for_a_scope"
            ),
            models.CheckConstraint(
                condition=Q(scope=OptOutScope.ORGANIZER, organizer__isnull=False, event=None)
                | Q(scope=OptOutScope.EVENT, organizer=None, event__isnull=False)
                | Q(scope__in=NAMELESS, organizer=None, event=None),
                name="opt_out_names_what_its_scope_says",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_scope_display())


class Template(models.Model):
    """The words of one event for one kind of mail. Without a row the default words are used.

    `language` is empty for words in all languages. Those of one language win over them.
    """

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="templates", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=15, choices=Kind.choices)
    language = models.CharField(max_length=10, choices=Language.choices, blank=True, default="", db_default="")
    subject = models.CharField(max_length=200)
    body = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "kind", "language"], name="template_once_for_a_language")
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())
