from typing import ClassVar

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from accounts.models import User
from accounts.permissions import require, require_verified
from eventhub.api.serializers import Body
from eventhub.api.viewsets import ApiViewSet
from eventhub.exceptions import EmailNotVerified, Forbidden, SeriesNotFound, UserNotFound
from events.models import Series
from events.views.series import find_series
from registrations.models import DETAILS, RegistrationStatus
from registrations.series_serializers import SeriesAttendeeInput, SeriesResultSerializer
from registrations.services.series_registration import register_for_all


class SeriesAttendeeViewSet(ApiViewSet):
    resource = "series"
    serializer_class = SeriesResultSerializer
    input_serializers: ClassVar = {"register": SeriesAttendeeInput}
    error_responses: ClassVar = {"register": (Forbidden(), EmailNotVerified(), SeriesNotFound(), UserNotFound())}

    @action(detail=True, methods=["post"], url_path="attendees")
    @idempotent
    def register(self, request: Request, pk: int) -> Response:
        """Register for all events of a series to come, or for some of them.

        Each is a request like `POST /attendees/`, with its own result: a refusal of one leaves the others as they are.
        Who runs the series can register others by `user_id`.
        """
        series = self.get_object()
        body = self.get_body()
        user = self._find_user(body, series)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        results = register_for_all(
            series=series,
            user=user,
            by=self.user,
            may_queue=values["status"] == RegistrationStatus.WAITLISTED,
            event_ids=values.get("event_ids", ()),
            **{key: values.get(key) for key in DETAILS},
        )
        self.hidden_account = user.pk
        return self.item_response({"results": results})

    def _find_user(self, body: Body, series: Series) -> User:
        user_id = body.validated_field("user_id")
        if user_id is None or user_id == self.user.pk:
            require_verified(self.user)
            return self.user
        require(self.user, "series", "update", series)
        return User.objects.find(user_id)

    def check_replay(self) -> None:
        self._find_user(self.get_body(), self.get_object())

    def find_object(self, pk: int) -> Series:
        return find_series(pk, self.user)
