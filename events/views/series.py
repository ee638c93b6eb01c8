"""The API of series. The rules are in events/services/series.py and registrations/services/series_changes.py."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from accounts.models import User
from accounts.permissions import allowed
from eventhub.api.serializers import Body
from eventhub.api.viewsets import CreateMixin, DestroyMixin, ListMixin, RetrieveMixin, UpdateMixin
from eventhub.datetimes import zone_named
from eventhub.exceptions import Forbidden, SeriesNotFound
from events.models import Event, Series
from events.serializers import local_times
from events.series_serializers import (
    SeriesEditSerializer,
    SeriesInput,
    SeriesPreviewInput,
    SeriesPreviewSerializer,
    SeriesSerializer,
)
from events.services import events, series
from events.views.events import EventLists
from registrations.services import series_changes


def find_series(pk: int, user: User) -> Series:
    """Return a series that `user` runs, or that has an event in their list. Raise SeriesNotFound."""
    found = Series.objects.filter(pk=pk).first()
    if found is None:
        raise SeriesNotFound()
    if (
        allowed(user, "series", "update", found)
        or Event.objects.listed_for(user).filter(series_date__series=pk).exists()
    ):
        return found
    raise SeriesNotFound()


class SeriesViewSet(ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DestroyMixin):
    resource = "series"
    queryset = Series.objects.all()
    serializer_class = SeriesSerializer
    ordering_fields = ("created_at", "title")
    ordering = "-created_at"
    input_serializers: ClassVar = {"create": SeriesInput, "update": SeriesInput, "preview": SeriesPreviewInput}
    etag_actions = ("create", "retrieve", "update", "destroy")
    error_responses: ClassVar = {
        "list": (Forbidden("You must be an organizer to do this"),),
        "create": (Forbidden("You must be an organizer to create events"), Forbidden()),
        "preview": (Forbidden("You must be an organizer to do this"),),
        "retrieve": (Forbidden(), SeriesNotFound()),
        "update": (Forbidden(), SeriesNotFound()),
        "destroy": (Forbidden(), SeriesNotFound()),
    }
    descriptions: ClassVar = {
        "list": "Series that you run; newest first.",
        "retrieve": "A series, written like its first event.",
        "create": """Create a series of events.

        The body is that of its first event, and a rule. Each date is an ordinary event with seats of its own, made half
        a year ahead, with the questions, words for emails and team of the latest one that nobody edited by hand. Other
        times, such as `registration_closes`, keep their distance to the start by the clock.
        """,
        "update": """Change a series and its events to come.

        Absent keys keep their value. Fields of an event that were edited by hand stay. A changed rule or time never
        deletes or moves an event with registrations or edits by hand; `dates.kept` lists them.
        """,
        "destroy": "Delete a series. Events that have begun or have registrations stay, as single events.",
    }
    create = idempotent(CreateMixin.create)

    def get_queryset(self) -> QuerySet[Series]:
        own = super().get_queryset()
        return own if self.user.is_admin else own.filter(organizer=self.user)

    def get_serializer_class(self) -> type[Any]:
        other = {"update": SeriesEditSerializer, "preview": SeriesPreviewSerializer}
        return other.get(str(self.action), SeriesSerializer)

    def find_object(self, pk: int) -> Series:
        return find_series(pk, self.user)

    def check_body(self, body: Body) -> dict[str, Any]:
        found = cast("Series | None", body.instance)
        owner_id = self.user.pk if found is None else found.organizer_id
        user_id = body.validated_field("organizer_id")
        return {"organizer": events.find_organizer(user_id=user_id, by=self.user, owner_id=owner_id)}

    def perform_create(self, body: Body, organizer: User | None = None) -> Series:
        values = body.validated_data
        values.pop("organizer_id", None)
        return series.create_series(organizer=organizer or self.user, rule=values.pop("rule"), values=values)

    def perform_update(self, body: Body, organizer: User | None = None) -> series_changes.SeriesEdit:
        values = body.validated_data
        values.pop("organizer_id", None)
        if organizer is not None:
            values["organizer"] = organizer
        return series_changes.edit_series(
            series_id=cast("Series", body.instance).pk,
            rule=values.pop("rule", None),
            values=values,
            condition=self.precondition,
        )

    def perform_destroy(self, row: Series) -> None:
        series_changes.delete_series(series_id=row.pk, condition=self.precondition)

    @action(detail=False, methods=["post"])
    @idempotent
    def preview(self, request: Request) -> Response:
        """The next ten dates of a rule, without saving anything."""
        values = self.get_valid_body()
        zone = zone_named(values["time_zone"])
        found = series.preview_dates(rule=values.pop("rule"), values=values)  # type: ignore[arg-type]
        dates = [{**date, "local": local_times(date["date_time"], date["end_time"], zone)} for date in found.dates]
        return self.item_response({"count": found.total, "dates": dates})

    def check_replay(self) -> None:
        if self.action == "create":
            super().check_replay()


class SeriesEventViewSet(EventLists):
    resource = "series"
    list_actions = ("events",)
    error_responses: ClassVar = {"events": (SeriesNotFound(),)}

    @action(detail=True)
    def events(self, request: Request, pk: int) -> Response:
        """The events of a series that you may see, by date."""
        self.get_object()
        return self.list_response()

    def find_object(self, pk: int) -> Series:
        return find_series(pk, self.user)

    def get_queryset(self) -> QuerySet[Event]:
        listed = super().get_queryset().listed_for(self.user)  # type: ignore[attr-defined]
        return listed.filter(series_date__series=self.kwargs["pk"])  # type: ignore[no-any-return]
