from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Min, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from simple_history.models import HistoricalRecords

from accounts.models import Role, User
from eventhub import audit, datetimes
from eventhub.api.etags import edition_of
from eventhub.api.fields import PlainPositiveIntegerField
from eventhub.db.compiled_queries import CompiledQuery
from eventhub.exceptions import ClosedReason, EventNotFound
from eventhub.languages import Language
from eventhub.text_fields import LineField
from events.fields import DatabaseCountField
from events.models import ends
from events.models.choices import QUEUE_CLOSED, Attendance, EventStatus, Guests, Telling, Visibility
from events.models.ends import DayEndField
from events.models.place import place_of, problems_of_place
from events.models.tag_list import TagRow, events_with, tag_list
from events.models.visibility import VisibleEvents, is_visible

MAX_CAPACITY = 2_147_483_647
MAX_REMINDERS, MAX_REMIND_HOURS = 5, 30 * 24
SLUG_LENGTH, TIME_ZONE_LENGTH = 80, 64
# The texts that a search looks through.
SEARCHED = ("title", "description", "location")


def default_reminders() -> list[int]:
    return [24]


# What an edit changes: the fields of the body that are the event's own, without its counts.
edited = attrgetter(
    *("pk", "title", "description", "date_time", "end_time", "location", "organizer_id", "max_capacity", "waitlist"),
    *("status", "registration_opens", "registration_closes", "notifications", "remind_hours", "language"),
    *("time_zone", "attendance", "venue", "address", "latitude", "longitude", "online_url", "online_from"),
    *("cancel_until", "edit_until", "transfer_until"),
    *("hides_seats", "visibility", "guests", "created_at", "updated_at"),
)


class EventQuerySet(VisibleEvents):
    def with_organizer(self) -> Self:
        return self.select_related("organizer__profile")

    def with_tags(self) -> Self:
        return self.annotate(tag_list=tag_list())

    def having(self, tags: models.QuerySet[Any]) -> Self:
        """Keep events that have one of these tags."""
        return self.filter(pk__in=events_with(tags))

    def not_over(self, now: datetime) -> Self:
        """Return events whose end is still to come; see `Event.is_over`."""
        return self._from_first_going_on(now).filter(ends.not_over(now))

    def today_or_later(self, now: datetime) -> Self:
        return self._from_first_going_on(now).filter(ends.today_or_later(now))

    def before_today(self, now: datetime) -> Self:
        tomorrow = datetimes.end_of_day(now)
        return self.filter(~ends.today_or_later(now), date_time__lt=tomorrow, last_mark__lt=tomorrow)

    def _from_first_going_on(self, now: datetime) -> Self:
        """Start a list by date at the first event that goes on; by `last_mark` PostgreSQL would sort all."""
        since = now - ends.LONGEST_DAY
        # As a FILTER: for the minimum of plain rows PostgreSQL would walk the index by date from its beginning.
        begun = Min("date_time", filter=Q(date_time__lt=since))
        going_on = self.model.objects.filter(last_mark__gte=since).order_by().values(all=Value(1))
        earliest = Subquery(going_on.annotate(earliest=begun).values("earliest"))
        return self.filter(date_time__gte=Coalesce(earliest, Value(since)))

    def ended_by(self, moment: datetime) -> Self:
        return self.filter(ends.ended_by(moment), last_mark__lte=moment)

    def over(self, now: datetime) -> Self:
        return self.exclude(ends.not_over(now))


class EventManager(models.Manager.from_queryset(EventQuerySet)):  # type: ignore[misc]
    def find(self, pk: int, user: User) -> "Event":
        """Return the event with its organizer. Raise EventNotFound, also where it is hidden."""
        return require_visible(_BY_ID.first(pk), pk, user)


def require_visible(event: "Event | None", pk: int, user: User) -> "Event":
    """Return the event with that id. Raise EventNotFound where there is none or `user` may not open it."""
    # Of one that does not exist the same is asked: the time of the answer must not tell it from a hidden one.
    is_seen = (event or Event(pk=pk, visibility=Visibility.PRIVATE)).is_visible_to(user)
    if event is None or not is_seen:
        raise EventNotFound()
    return event


_BY_ID = CompiledQuery(lambda pk: Event.objects.with_organizer().with_tags().order_by().filter(pk=pk))


class ChangeThrough(models.Model):
    through = models.CharField(max_length=10, choices=audit.Channel.choices, default=audit.channel)

    class Meta:
        abstract = True


class ChannelStampField(models.CharField[str, str]):
    """The channel of the latest save."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        setattr(model_instance, self.attname, audit.channel())
        return audit.channel()


class Event(models.Model):
    """An event with seats. Only triggers write `seats_taken` and `waitlisted`."""

    title = LineField(max_length=255)
    description = models.TextField(blank=True)
    date_time = models.DateTimeField("begins")
    end_time = models.DateTimeField("ends", null=True, blank=True)
    location = LineField(max_length=255)
    organizer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
        limit_choices_to={"role__in": [Role.ORGANIZER, Role.ADMIN]},
    )
    max_capacity = PlainPositiveIntegerField(
        "seats", validators=[MinValueValidator(1), MaxValueValidator(MAX_CAPACITY)]
    )
    seats_taken = DatabaseCountField()
    waitlisted = DatabaseCountField()
    waitlist = models.BooleanField("people may queue", default=True)
    status = models.CharField(max_length=10, choices=EventStatus.choices, default=EventStatus.UPCOMING)
    registration_opens = models.DateTimeField(null=True, blank=True)
    registration_closes = models.DateTimeField(null=True, blank=True)
    notifications = models.CharField(
        "mails to attendees", max_length=5, choices=Telling.choices, default=Telling.USUAL, db_default=Telling.USUAL
    )
    # Hours before the event begins.
    remind_hours = models.JSONField("reminders", default=default_reminders, db_default=Value([24], models.JSONField()))
    # Of emails to people who chose none. Empty: the site's.
    language = models.CharField(
        "language of emails", max_length=10, choices=Language.choices, blank=True, default="", db_default=""
    )
    # IANA's name. Empty: the site's, TIME_ZONE.
    time_zone = models.CharField(max_length=TIME_ZONE_LENGTH, blank=True, default="", db_default="")
    day_ends = DayEndField(null=True, editable=False)
    attendance = models.CharField(
        max_length=10, choices=Attendance.choices, default=Attendance.OFFLINE, db_default=Attendance.OFFLINE
    )
    venue = LineField(max_length=255, blank=True, default="", db_default="")
    address = LineField(max_length=255, blank=True, default="", db_default="")
    # Degrees, WGS 84.
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    # Shown to people with a seat, from `online_from` on. Null: at once.
    online_url = models.URLField("online link", max_length=500, blank=True, default="", db_default="")
    online_from = models.DateTimeField("online link shown from", null=True, blank=True)
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC, db_default=Visibility.PUBLIC
    )
    # The address of its page; unique by EventSlug. Empty: its id.
    slug = models.SlugField(max_length=SLUG_LENGTH, blank=True, default="", db_default="", db_index=False)
    guests = models.CharField(
        "people without an account", max_length=15, choices=Guests.choices, default=Guests.NO, db_default=Guests.NO
    )
    # On public pages: "few seats left" in place of their number.
    hides_seats = models.BooleanField("hide the number of seats", default=False, db_default=False)
    # Until when people may cancel, change their details and answers, and pass their seat on. Null: no deadline.
    cancel_until = models.DateTimeField(null=True, blank=True)
    edit_until = models.DateTimeField(null=True, blank=True)
    transfer_until = models.DateTimeField(null=True, blank=True)
    # Whether it has questions (registrations/services/questions.py), so that registering need not look.
    asks_questions = models.BooleanField(default=False, db_default=False, editable=False)
    # Kept by events/services/series.py. No constraint: a series may go, its events stay.
    series = models.ForeignKey(
        "events.Series",
        on_delete=models.DO_NOTHING,
        related_name="events",
        null=True,
        db_constraint=False,
        db_index=False,
        editable=False,
    )
    # For the log of changes, whose trigger takes a change without a new `updated_at` for raw SQL.
    saved_through = ChannelStampField(
        max_length=10, choices=audit.Channel.choices, db_default=audit.Channel.DATABASE, editable=False
    )
    uid = models.CharField("identifier in a calendar", max_length=255, blank=True, editable=False)
    # SEQUENCE of the latest import of that calendar, if it had one.
    imported_sequence = models.BigIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Computed columns for the indexes behind `has_seats` and `upcoming`. A registration changes the first only when
    # it takes the last seat, so that all others update no index (PostgreSQL: HOT).
    has_free_seats = models.GeneratedField(
        expression=Q(seats_taken__lt=F("max_capacity")),  # type: ignore[arg-type]
        output_field=models.BooleanField(),
        db_persist=True,
    )
    last_mark = models.GeneratedField(
        expression=Coalesce("end_time", "date_time"), output_field=models.DateTimeField(), db_persist=True
    )

    objects: ClassVar[Any] = EventManager()
    # What people change, after each change. The account is a plain number, so that its deletion touches no row here.
    history = HistoricalRecords(
        bases=[ChangeThrough],
        excluded_fields=[
            *("seats_taken", "waitlisted", "has_free_seats", "last_mark", "updated_at", "saved_through"),
            *("imported_sequence", "asks_questions", "series", "day_ends"),
        ],
        history_id_field=models.BigAutoField(),
        history_user_id_field=models.BigIntegerField(null=True, default=audit.actor_id),
    )

    class Meta:
        ordering = ["date_time", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(max_capacity__gte=1, max_capacity__lte=MAX_CAPACITY), name="event_has_a_seat"
            ),
            models.CheckConstraint(condition=Q(seats_taken__lte=F("max_capacity")), name="event_seats_within_capacity"),
            models.CheckConstraint(
                condition=Q(end_time=None) | Q(end_time__gt=F("date_time")), name="event_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(registration_opens=None)
                | Q(registration_closes=None)
                | Q(registration_closes__gt=F("registration_opens")),
                name="event_registration_closes_after_it_opens",
            ),
            models.CheckConstraint(condition=Q(status__in=EventStatus.values), name="event_status_is_known"),
            models.UniqueConstraint(fields=["organizer", "uid"], condition=~Q(uid=""), name="event_uid_unique"),
        ]
        indexes = [
            # One for each order, and one for each filter in the default order.
            models.Index(fields=["date_time", "id"], name="event_by_date"),
            models.Index(fields=["title", "id"], name="event_by_title"),
            models.Index(fields=["created_at", "id"], name="event_by_creation"),
            models.Index(fields=["status", "date_time", "id"], name="event_by_status"),
            models.Index(fields=["organizer", "date_time", "id"], name="event_by_organizer"),
            models.Index(fields=["has_free_seats", "date_time", "id"], name="event_by_free_seats"),
            models.Index(fields=["last_mark", "date_time"], name="event_by_last_mark"),
            # Of the few that are not public, so that registering for the others writes no entry.
            models.Index(
                fields=["visibility", "date_time", "id"],
                condition=~Q(visibility=Visibility.PUBLIC),
                name="event_not_public",
            ),
            # What events/services/slugs.py has to fill: hardly any row.
            models.Index(
                fields=["id"],
                condition=Q(slug="") & ~Q(status=EventStatus.DRAFT) & ~Q(visibility=Visibility.PRIVATE),
                name="event_without_slug",
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def edition(self) -> str:
        return edition_of(edited(self))

    @property
    def seats_left(self) -> int:
        left: int = self.max_capacity - self.seats_taken
        return left

    @property
    def zone(self) -> ZoneInfo:
        return datetimes.zone_named(self.time_zone)

    @property
    def place(self) -> str:
        """Return the location with venue and address, for people."""
        return place_of(self)

    @property
    def ends(self) -> datetime:
        """Return `end_time`, or the end of the first day where the event takes place."""
        return self.end_time or datetimes.end_of_day(self.date_time, self.zone)

    @cached_property
    def tag_list(self) -> list[TagRow]:
        """Its tags, for an event that was not read `with_tags`."""
        return list(self.event_tags.values(slug=F("tag__slug"), name=F("tag__name"), kind=F("tag__kind")))

    def team_role(self, user: User) -> str | None:
        """Return the user's role in its team (`TeamRole`). Its organizer is not in the team."""
        return user.team_roles.get(self.pk)

    def is_visible_to(self, user: User) -> bool:
        return is_visible(self, user)

    def is_over(self, now: datetime) -> bool:
        return self.status == EventStatus.COMPLETED or self.ends <= now

    def is_before_its_day(self, now: datetime) -> bool:
        return datetimes.end_of_day(now, self.zone) <= self.date_time

    def takes_people(self, now: datetime) -> bool:
        """Return whether its organizer can add people, to a seat or to the queue."""
        return self.status != EventStatus.CANCELLED and (self.free_for_newcomers(now) > 0 or self.takes_queue(now))

    def closed_reason(self, now: datetime) -> ClosedReason | None:
        """Return why people cannot register now, or None where they can."""
        if self.status == EventStatus.DRAFT:
            return ClosedReason.NOT_ANNOUNCED
        if self.status == EventStatus.CANCELLED:
            return ClosedReason.CANCELLED
        if self.is_over(now):
            return ClosedReason.OVER
        if self.registration_opens is not None and now < self.registration_opens:
            return ClosedReason.NOT_OPEN_YET
        if self.registration_closes is not None and self.registration_closes <= now:
            return ClosedReason.CLOSED
        return None

    def is_open(self, now: datetime) -> bool:
        return self.closed_reason(now) is None

    def serves_queue(self, now: datetime) -> bool:
        """Return whether a free seat goes to the queue, also outside the registration window."""
        return self.status not in QUEUE_CLOSED and now < self.ends

    def takes_queue(self, now: datetime) -> bool:
        return self.waitlist and self.serves_queue(now)

    def free_for_newcomers(self, now: datetime) -> int:
        return 0 if self.waitlisted and self.serves_queue(now) else self.seats_left

    def clean(self) -> None:
        problems = problems_of_place(self)
        if self.end_time and self.date_time and self.end_time <= self.date_time:
            problems["end_time"] = "The end must be after the beginning."
        opens, closes = self.registration_opens, self.registration_closes
        if opens and closes and closes <= opens:
            problems["registration_closes"] = "Registration must close after it opens."
        if problems:
            raise ValidationError(problems)
