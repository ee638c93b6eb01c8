from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from eventhub import audit
from eventhub.api.etags import edition_of
from eventhub.db.transaction_ids import TransactionIdField
from eventhub.db.union_page import UnionQuerySet
from eventhub.text_fields import DetailsField, LineField
from events.fields import DatabaseKeyField
from events.models import Event, EventStatus


class RegistrationStatus(models.TextChoices):
    REGISTERED = "registered", "Registered"
    WAITLISTED = "waitlisted", "Waitlisted"
    ATTENDED = "attended", "Attended"
    CANCELLED = "cancelled", "Cancelled"


SEATED = (RegistrationStatus.REGISTERED, RegistrationStatus.ATTENDED)
LIVE = (*SEATED, RegistrationStatus.WAITLISTED)
MAX_REASON = 500
# What people may edit beside the status.
DETAILS = ("name", "contact_details", "phone")
# The texts that a search looks through.
TEXTS = ("name", "contact_details", "phone")


# What an edit changes. Getting a seat from the queue is an edit; moving up in it, or a new title of the event, is not.
# Without the account: organizers get the digest of these, and could try which account fits.
_edited = attrgetter(*("pk", "event_id", "registration_date", "status", *DETAILS, "updated_at"))


def status_stamps(at: datetime) -> dict[str, Any]:
    return {"status_since": at, "status_by_id": audit.actor_id(), "status_through": audit.channel()}


def account_shown(row: Any, reader: User) -> int | None:
    """Return the account's id, or None if the reader must not learn whether the person had one before.

    `row` is a registration, or a named tuple of its columns.
    """
    is_hidden = row.added_by_address and row.user_id != reader.pk and not reader.is_admin
    return None if is_hidden else row.user_id


@cache
def _announced() -> Exists:
    # Not a condition on the event's columns: every row of a page would be joined with its event to be thrown away.
    return Exists(Event.objects.filter(pk=OuterRef("event")).exclude(status=EventStatus.DRAFT).order_by())


class RegistrationQuerySet(UnionQuerySet):
    def visible_to(self, user: User) -> Self:
        """Return the user's own registrations, except for drafts, and those of the events they run."""
        if user.is_admin:
            return self
        mine = Q(user=user) & _announced()
        if not user.is_organizer:
            return self.filter(mine)
        organized = Q(organizer_id=user.pk)
        return self.either(organized, mine & ~organized)

    def of_account(self, user_id: int, reader: User) -> Self:
        """Return the registrations of an account, as far as `account_shown` shows the reader whose they are."""
        theirs = self.filter(user=user_id)
        return theirs if reader.is_admin or user_id == reader.pk else theirs.filter(added_by_address=False)

    def with_successors(self) -> Self:
        """Annotate `has_successor`: whether the person is registered for the event by another, live row."""
        others = self.model.objects.live().filter(event=OuterRef("event"), user=OuterRef("user"))
        return self.annotate(has_successor=Exists(others.exclude(pk=OuterRef("pk")).order_by()))

    def managed_by(self, user: User) -> Self:
        if user.is_admin:
            return self
        return self.filter(organizer_id=user.pk) if user.is_organizer else self.none()

    def with_event(self) -> Self:
        return self.select_related("event")

    def live(self) -> Self:
        return self.filter(status__in=LIVE)

    def waiting(self) -> Self:
        return self.filter(status=RegistrationStatus.WAITLISTED)


class Registration(models.Model):
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="registrations", db_index=False)
    # The event's organizer, for indexes. Triggers fill it and follow the event; an instance does not know it.
    organizer_id = DatabaseKeyField()
    # Accounts are deleted through registrations/services/account_deletion.py, which decides about their
    # registrations first.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="registrations", null=True, db_index=False
    )
    # By an import, or by an organizer who knew no more than the address: `account_shown` hides the account.
    added_by_address = models.BooleanField(default=False, db_default=False, editable=False)
    status = models.CharField(max_length=10, choices=RegistrationStatus.choices, default=RegistrationStatus.REGISTERED)
    name = LineField(max_length=255, blank=True)
    contact_details = DetailsField(max_length=255, blank=True)
    phone = LineField(max_length=255, blank=True, default="", db_default="")
    # Given by a trigger when the row begins to wait; says nothing in any other status.
    queue_number = models.BigIntegerField(null=True, editable=False)
    # How often the ticket was replaced (checkin/services/tickets.py). Registering does not write it.
    issue = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    registration_date = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    # How the present status came about, for the log of transitions (`stamp`). Who did it may be deleted since, which
    # touches no row here.
    status_since = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    status_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        default=audit.actor_id,
        db_constraint=False,
        db_index=False,
        editable=False,
    )
    status_through = models.CharField(
        max_length=10,
        choices=audit.Channel.choices,
        default=audit.channel,
        db_default=audit.Channel.DATABASE,
        editable=False,
    )

    objects: ClassVar[Any] = RegistrationQuerySet.as_manager()

    class Meta:
        ordering = ["-registration_date", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "user"], condition=Q(status__in=LIVE), name="registration_one_live_per_user"
            ),
            models.CheckConstraint(
                condition=Q(status__in=RegistrationStatus.values), name="registration_status_is_known"
            ),
        ]
        indexes = [
            # One for each order, and one for the filter by status: of all, of an event and of an organizer.
            models.Index(fields=["registration_date", "id"], name="registration_by_date"),
            models.Index(fields=["name", "id"], name="registration_by_name"),
            models.Index(fields=["status", "registration_date", "id"], name="registration_by_status"),
            models.Index(fields=["event", "registration_date", "id"], name="registration_event_date"),
            models.Index(fields=["event", "name", "id"], name="registration_event_name"),
            models.Index(fields=["event", "status", "registration_date", "id"], name="registration_event_status"),
            models.Index(fields=["organizer_id", "registration_date", "id"], name="registration_organizer_date"),
            models.Index(fields=["organizer_id", "name", "id"], name="registration_organizer_name"),
            models.Index(
                fields=["organizer_id", "status", "registration_date", "id"], name="registration_organizer_status"
            ),
            models.Index(fields=["user", "registration_date", "id"], name="registration_by_user"),
            # The queue.
            models.Index(
                fields=["event", "queue_number"],
                condition=Q(status=RegistrationStatus.WAITLISTED),
                name="registration_queue",
            ),
            # What the dashboard counts by day, of one event or of all. Registering writes neither.
            *(
                models.Index(
                    fields=["status_since", "event"], condition=Q(status=status), name=f"registration_{status}_since"
                )
                for status in (RegistrationStatus.ATTENDED, RegistrationStatus.CANCELLED)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.event}"

    @property
    def edition(self) -> str:
        return edition_of(_edited(self))

    def stamp(self, at: datetime) -> list[str]:
        stamps = status_stamps(at)
        for name, value in stamps.items():
            setattr(self, name, value)
        return list(stamps)

    def waitlist_position(self) -> int | None:
        if self.status != RegistrationStatus.WAITLISTED:
            return None
        number = Registration.objects.filter(pk=self.pk).values("queue_number")
        waiting = Registration.objects.waiting().filter(event=self.event_id)
        return waiting.filter(queue_number__lte=Subquery(number)).count()


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
    # What who runs the event says to a person whose registration they cancel. It goes with the person.
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

    To the triggers it is the database's own; services say who did it (services/removals.py).
    """

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


class FeedKind(models.TextChoices):
    REGISTRATIONS = "registrations", "My registrations"
    EVENTS = "events", "Events that I organize"


class CalendarFeed(models.Model):
    """A calendar at a secret URL. Only a digest of the secret is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feeds")
    kind = models.CharField(max_length=15, choices=FeedKind.choices)
    digest = models.CharField(max_length=64, editable=False)
    # The owner's password and generation of sign-ins at its creation: it ends with them.
    bond = models.CharField(max_length=128, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField("last used", null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="calendar_feed_digest_unique"),
            models.CheckConstraint(condition=Q(kind__in=FeedKind.values), name="calendar_feed_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
