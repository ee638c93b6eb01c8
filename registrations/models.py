"""Who gets a seat: a registration is one user's claim to one event."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from eventhub import acting
from events.models import Event, EventStatus


class RegistrationStatus(models.TextChoices):
    REGISTERED = "registered", "Registered"
    WAITLISTED = "waitlisted", "Waitlisted"
    ATTENDED = "attended", "Attended"
    CANCELLED = "cancelled", "Cancelled"


SEATED = (RegistrationStatus.REGISTERED, RegistrationStatus.ATTENDED)
LIVE = (*SEATED, RegistrationStatus.WAITLISTED)


def status_stamps(at: datetime) -> dict[str, Any]:
    """What is written beside a change of status at that time."""
    return {"status_since": at, "status_by_id": acting.actor_id(), "status_through": acting.channel()}


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def visible_to(self, user: User) -> Self:
        """One's own, and for organizers those of their events; all for admins. What concerns a draft is its
        organizer's alone, as the draft is."""
        if user.is_admin:
            return self
        announced = ~Q(event__status=EventStatus.DRAFT)
        if not user.is_organizer:
            return self.filter(announced, user=user)
        # Their ids, and not a condition on the organizer: a database can read both halves from indexes then, where it
        # would otherwise join everybody's registrations with their events to find the few that are theirs.
        events = list(Event.objects.filter(organizer=user).order_by().values_list("pk", flat=True))
        return self.filter(Q(user=user) | Q(event__in=events), announced | Q(event__organizer=user))

    def managed_by(self, user: User) -> Self:
        """Those of the events that `user` runs."""
        if user.is_admin:
            return self
        return self.filter(event__organizer=user) if user.is_organizer else self.none()

    def listed_for(self, user: User) -> Self:
        """As `managed_by`, for lists by time: by the ids of the events, and no newer than the newest of theirs.

        A database that is told only whose events they are reads everybody's registrations backwards until it has met
        enough of them; at a million, for an organizer whose events were long ago, that took a second.
        """
        if user.is_admin:
            return self
        of_event = Registration.objects.filter(event=OuterRef("pk")).order_by("-registration_date")
        newest = Subquery(of_event.values("registration_date")[:1])
        events = Event.objects.managed_by(user).order_by().annotate(newest=newest).filter(newest__isnull=False)
        times = dict(events.values_list("pk", "newest"))
        return self.filter(event__in=list(times), registration_date__lte=max(times.values())) if times else self.none()

    def with_event(self) -> Self:
        """With what its body says of the event."""
        return self.select_related("event")

    def live(self) -> Self:
        return self.filter(status__in=LIVE)

    def waiting(self) -> Self:
        return self.filter(status=RegistrationStatus.WAITLISTED)


class Registration(models.Model):
    """The resource that the API calls an attendee, after the person named on it.

    A user's live registration for an event is unique. `queue_number` is given by a trigger when the row begins to
    wait, under the event's lock, and says nothing in any other status.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="registrations", db_index=False)
    # Accounts are deleted through registrations/people.py, which decides about their registrations first.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="registrations", null=True, db_index=False
    )
    status = models.CharField(max_length=10, choices=RegistrationStatus.choices, default=RegistrationStatus.REGISTERED)
    name = models.CharField(max_length=255, blank=True)
    contact_details = models.CharField(max_length=255, blank=True)
    queue_number = models.BigIntegerField(null=True, editable=False)
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
        default=acting.actor_id,
        db_constraint=False,
        db_index=False,
        editable=False,
    )
    status_through = models.CharField(
        max_length=10,
        choices=acting.Channel.choices,
        default=acting.channel,
        db_default=acting.Channel.DATABASE,
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
            # One for each order, alone and within an event or a user; the queue.
            models.Index(fields=["registration_date", "id"], name="registration_by_date"),
            models.Index(fields=["name", "id"], name="registration_by_name"),
            models.Index(fields=["status", "registration_date", "id"], name="registration_by_status"),
            models.Index(fields=["event", "registration_date", "id"], name="registration_by_event"),
            models.Index(fields=["event", "name", "id"], name="registration_by_event_and_name"),
            models.Index(fields=["user", "registration_date", "id"], name="registration_by_user"),
            models.Index(
                fields=["event", "queue_number"],
                condition=Q(status=RegistrationStatus.WAITLISTED),
                name="registration_queue",
            ),
            # Who is here, counted at the door.
            models.Index(
                fields=["event"], condition=Q(status=RegistrationStatus.ATTENDED), name="registration_attended"
            ),
            # What the dashboard counts by day, of one event or of all; registering writes neither.
            *(
                models.Index(
                    fields=["status_since", "event"], condition=Q(status=status), name=f"registration_{status}_since"
                )
                for status in (RegistrationStatus.ATTENDED, RegistrationStatus.CANCELLED)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.event}"

    def stamp(self, at: datetime) -> list[str]:
        """Says when, by whom and through what its status comes about, unsaved; the names of the fields."""
        stamps = status_stamps(at)
        for name, value in stamps.items():
            setattr(self, name, value)
        return list(stamps)

    def waitlist_position(self) -> int | None:
        """The place in the queue, from 1; None for who does not wait."""
        if self.status != RegistrationStatus.WAITLISTED:
            return None
        number = Registration.objects.filter(pk=self.pk).values("queue_number")
        waiting = Registration.objects.waiting().filter(event=self.event_id)
        return waiting.filter(queue_number__lte=Subquery(number)).count()


class Transition(models.Model):
    """A line in the log of a registration: its status before (empty: it is new) and after, when, by whom and through
    what. Triggers write it, keep it from being changed, and let it go with its registration."""

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
    through = models.CharField(max_length=10, choices=acting.Channel.choices, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["registration", "id"], name="transition_by_registration")]

    @classmethod
    def note(cls, registration: Registration, *, was: str, at: datetime) -> None:
        """Adds a line that no trigger writes, since the status stays what it is."""
        by, through = acting.actor()
        cls.objects.create(
            registration=registration, was=was, becomes=registration.status, at=at, by_id=by, through=through
        )
