"""The API of the notices about one registration."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.api.viewsets import ApiViewSet
from eventhub.exceptions import AttendeeNotFound, Forbidden
from notifications.models import Notice
from notifications.selectors.notices import shown_to
from notifications.serializers import NoticeSerializer
from registrations.models import Registration
from registrations.views import find_registration


class AttendeeNoticeViewSet(ApiViewSet):
    resource = "attendee"
    queryset = Notice.objects.all()
    serializer_class = NoticeSerializer
    list_actions = ("notifications",)
    ordering_fields = ("created_at",)
    ordering = "-created_at"
    error_responses: ClassVar = {"notifications": (Forbidden(), AttendeeNotFound())}

    @action(detail=True)
    def notifications(self, request: Request, pk: int) -> Response:
        """The mails about a registration, without their texts; newest first.

        `sent` means that the mail server has taken it. Where the person was added by address, organizers also see
        `sent` for a mail that was not sent because of the account, so that they do not learn whether there is one.
        """
        self.get_object()
        return self.list_response()

    def find_object(self, pk: int) -> Registration:
        return find_registration(pk, self.user)

    def get_queryset(self) -> QuerySet[Any, Any]:
        notices = Notice.objects.filter(registration=self.kwargs["pk"])
        return NoticeSerializer.read(shown_to(self.user, notices))
