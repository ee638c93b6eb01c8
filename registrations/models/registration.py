from datetime import datetime
from functools import cache, reduce
from operator import attrgetter, or_
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from accounts.permissions import team_events
from eventhub import audit
from eventhub.api.etags import edition_of
from eventhub.db.union_page import UnionQuerySet
from eventhub.text_fields import DetailsField, LineField
from events.fields import DatabaseKeyField
from events.models import Event, EventStatus, Visibility


class RegistrationStatus(models.TextChoices):
    REGISTERED = "registered", "Registered"
    WAITLISTED = "waitlisted", "Waitlisted"
    ATTENDED = "attended", "Attended"
    CANCELLED = "cancelled", "Cancelled"


SEATED = (RegistrationStatus.REGISTERED, RegistrationStatus.ATTENDED)
LIVE = (*SEATED, RegistrationStatus.WAITLISTED)
HIDES_LINK = (EventStatus.DRAFT, EventStatus.CANCELLED)
MAX_REASON = 500
# Of how many teams a list reads the first rows of each event. Of more, it sorts what all have.
MAX_PARTS = 10
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
def _event_is_visible() -> Exists:
    """Return the condition of events/models/visibility.py on the event of one's own registration."""
    # Not a condition on the event's columns: every row of a page would be joined with its event to be thrown away.
    own_status = ExpressionWrapper(OuterRef("status"), output_field=models.CharField())
    is_open = ~Q(visibility=Visibility.PRIVATE) | Q(own_status__in=LIVE)
    events = Event.objects.filter(pk=OuterRef("event")).exclude(status=EventStatus.DRAFT).order_by()
    return Exists(events.alias(own_status=own_status).filter(is_open))


def _managed_parts(user: User, action: str = "attendees") -> list[Q]:
    """Return conditions of which no registration meets two; an index has the rows of each in every order."""
    organized = Q(organizer_id=user.pk)
    parts = [organized] if user.is_organizer else []
    teams = team_events(user, action)
    by_event = [Q(event=pk) for pk in teams] if len(teams) <= MAX_PARTS else [Q(event__in=teams)]
    return [*parts, *(part & ~organized if parts else part for part in by_event)]


class RegistrationQuerySet(UnionQuerySet):
    def visible_to(self, user: User) -> Self:
        """Return the user's own registrations, except for drafts, and those of the events they run or help at."""
        if user.is_admin:
            return self
        mine = Q(user=user) & _event_is_visible()
        managed = _managed_parts(user)
        if not managed:
            return self.filter(mine)
        return self.either(*managed, mine & ~reduce(or_, managed))

    def of_account(self, user_id: int, reader: User) -> Self:
        """Return the registrations of an account, as far as `account_shown` shows the reader whose they are."""
        theirs = self.filter(user=user_id)
        return theirs if reader.is_admin or user_id == reader.pk else theirs.filter(added_by_address=False)

    def with_successors(self) -> Self:
        """Annotate `has_successor`: whether the person is registered for the event by another, live row."""
        others = self.model.objects.live().filter(event=OuterRef("event"), user=OuterRef("user"))
        return self.annotate(has_successor=Exists(others.exclude(pk=OuterRef("pk")).order_by()))

    def managed_by(self, user: User, action: str = "attendees") -> Self:
        """Return those of the events that they organize, and in whose team they may do that."""
        if user.is_admin:
            return self
        parts = _managed_parts(user, action)
        return self.either(*parts) if parts else self.none()

    def with_event(self) -> Self:
        return self.select_related("event")

    def live(self) -> Self:
        return self.filter(status__in=LIVE)

    def on_hold(self) -> Self:
        """Return seats that are held for guests who have not confirmed yet."""
        return self.filter(status=RegistrationStatus.REGISTERED, confirm_by__isnull=False)

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
    # A guest's seat is held until then, unless they confirm. Null: nothing to confirm. Registering does not write it.
    confirm_by = models.DateTimeField(null=True, editable=False)
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

    # Not stored: a new name has just deleted answers about the former person (services/answer_erasure.py).
    lost_answers = False

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
            models.Index(fields=["confirm_by"], condition=Q(confirm_by__isnull=False), name="registration_to_confirm"),
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

    def online_link(self, now: datetime) -> str | None:
        """Return where the person takes part online, or None while that is not theirs to see."""
        event = self.event
        has_seat = self.status in SEATED and self.confirm_by is None and event.status not in HIDES_LINK
        is_early = event.online_from is not None and now < event.online_from
        return event.online_url if event.online_url and has_seat and not is_early else None

    @property
    def is_on_hold(self) -> bool:
        return self.status == RegistrationStatus.REGISTERED and self.confirm_by is not None

    def stamp(self, at: datetime) -> list[str]:
        stamps = status_stamps(at)
        for name, value in stamps.items():
            setattr(self, name, value)
        return list(stamps)

    def end_hold(self) -> list[str]:
        """Confirm a seat on hold, unsaved; return the name of the changed field."""
        if self.confirm_by is None:
            return []
        self.confirm_by = None
        return ["confirm_by"]

    def waitlist_position(self) -> int | None:
        if self.status != RegistrationStatus.WAITLISTED:
            return None
        number = Registration.objects.filter(pk=self.pk).values("queue_number")
        waiting = Registration.objects.waiting().filter(event=self.event_id)
        return waiting.filter(queue_number__lte=Subquery(number)).count()
