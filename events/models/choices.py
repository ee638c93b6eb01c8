"""Fixed values of an event's columns."""

from django.db import models


class Telling(models.TextChoices):
    """Which changes people get mails about."""

    USUAL = "usual", "Changes made through the API and the back office"
    ALL = "all", "All changes, also by imports and commands"
    NONE = "none", "No changes"


class Attendance(models.TextChoices):
    """Where people take part."""

    OFFLINE = "offline", "On site"
    ONLINE = "online", "Online"
    MIXED = "mixed", "On site and online"


class Visibility(models.TextChoices):
    """Who sees an announced event."""

    PUBLIC = "public", "Everybody"
    UNLISTED = "unlisted", "Whoever has the link"
    PRIVATE = "private", "Its team and registered people"


class Guests(models.TextChoices):
    """Whether people may register without an account, and when they get the seat."""

    NO = "no", "No"
    CONFIRM_FIRST = "confirm_first", "Yes: the seat is given when they confirm their address"
    HOLD = "hold", "Yes: the seat is held for 30 minutes until they confirm"


class EventStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    UPCOMING = "upcoming", "Upcoming"
    ACTIVE = "active", "Active"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"


ANNOUNCED = (EventStatus.UPCOMING, EventStatus.ACTIVE)
QUEUE_CLOSED = (EventStatus.COMPLETED, EventStatus.CANCELLED)

MAY_BECOME: dict[str, tuple[str, ...]] = {
    EventStatus.DRAFT: (EventStatus.UPCOMING, EventStatus.ACTIVE),
    EventStatus.UPCOMING: (EventStatus.ACTIVE, EventStatus.COMPLETED, EventStatus.CANCELLED, EventStatus.DRAFT),
    EventStatus.ACTIVE: (EventStatus.UPCOMING, EventStatus.COMPLETED, EventStatus.CANCELLED, EventStatus.DRAFT),
    EventStatus.COMPLETED: (EventStatus.ACTIVE,),
    EventStatus.CANCELLED: (EventStatus.UPCOMING, EventStatus.ACTIVE),
}
