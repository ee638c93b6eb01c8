from datetime import datetime
from operator import attrgetter
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils import timezone

from eventhub.api.etags import edition_of
from eventhub.datetimes import zone_named
from eventhub.text_fields import LineField
from events.models.event import TIME_ZONE_LENGTH, Event

_edited = attrgetter("pk", "organizer_id", "rule", "time_zone", "starts", "template", "duration", "updated_at")


class Series(models.Model):
    """A rule that makes events. Each date is an ordinary event."""

    organizer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="series")
    title = LineField(max_length=255)
    # RFC 5545, 3.3.10, in the wall time of `time_zone`.
    rule = models.CharField(max_length=500)
    time_zone = models.CharField(max_length=TIME_ZONE_LENGTH)
    # The first date, UTC.
    starts = models.DateTimeField("first date")
    # The values of an event, without its times. Of a calendar's series also its `uid` and `sequence`, and for a part
    # that was split off from it, from which date on: `split_from`.
    template = models.JSONField(default=dict)
    # Minutes; null: its events have no end.
    duration = models.PositiveIntegerField(null=True, blank=True)
    # Dates are made up to here.
    made_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "series"
        indexes: ClassVar = [models.Index(fields=["made_until"], name="series_by_made_until")]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def edition(self) -> str:
        return edition_of(_edited(self))

    @property
    def zone(self) -> ZoneInfo:
        return zone_named(self.time_zone)

    @property
    def split_from(self) -> datetime | None:
        text = self.template.get("split_from")
        return text and datetime.fromisoformat(text)

    @property
    def wall(self) -> datetime:
        """Return the first date as the clocks show it."""
        return timezone.localtime(self.starts, self.zone).replace(tzinfo=None, fold=0)


class SeriesDate(models.Model):
    """A date of a series and its event; without one, it was deleted by hand and is not made again."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="dates", db_index=False)
    original_start = models.DateTimeField()
    event = models.OneToOneField(Event, on_delete=models.SET_NULL, related_name="series_date", null=True)
    # Names of the fields that were edited by hand: edits of the series leave them alone.
    overrides = models.JSONField(default=list)

    class Meta:
        ordering = ["original_start"]
        constraints = [models.UniqueConstraint(fields=["series", "original_start"], name="series_date_unique")]

    def __str__(self) -> str:
        return f"{self.series}, {self.original_start}"
