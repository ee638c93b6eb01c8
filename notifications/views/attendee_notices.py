"""The API of the notices about one registration."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from eventhub.api.viewsets import ApiViewSet
from eventhub.exceptions import AttendeeNotFound, EmailNotVerified, Forbidden, NothingToSend
from notifications.models import Notice
from notifications.selectors.notices import shown_to
from notifications.serializers import NoticeSerializer
from notifications.services import confirmations
from registrations.models import Registration
from registrations.views.attendees import find_registration


class AttendeeNoticeViewSet(ApiViewSet):
    resource = "attendee"
    queryset = Notice.objects.all()
    serializer_class = NoticeSerializer
    list_actions = ("notifications",)
    ordering_fields = ("created_at",)
    ordering = "-created_at"
    success_status: ClassVar = {"resend": 202}
    error_responses: ClassVar = {
        "notifications": (Forbidden(), AttendeeNotFound()),
        "resend": (Forbidden(), EmailNotVerified(), AttendeeNotFound(), NothingToSend()),
    }

    @action(detail=True)
    def notifications(self, request: Request, pk: int) -> Response:
        """The mails about a registration, without their texts; newest first.

        `sent` means that the mail server has taken it. Where the person was added by address, organizers see `sent`
        once it was the mail's turn, also if the account or the mail server prevented it, so that they do not learn
        whether there is an account.
        """
        self.get_object()
        return self.list_response()

    @action(detail=True, methods=["post"], url_path="notifications/resend")
    @idempotent
    def resend(self, request: Request, pk: int) -> Response:
        """Send the newest confirmation again: of a seat, or of the place on the waiting list.

        It is a new mail with the facts of now. Nothing is sent again that is not true any more. A person may do it
        five times a day, and organizers for each registration.
        """
        notice = confirmations.send_again(registration=self.get_object(), by=self.user)
        return self.item_response(shown_to(self.user, Notice.objects.filter(pk=notice.pk)).get())

    def check_replay(self) -> None:
        self.get_object()

    def find_object(self, pk: int) -> Registration:
        return find_registration(pk, self.user)

    def get_queryset(self) -> QuerySet[Any, Any]:
        notices = Notice.objects.filter(registration=self.kwargs["pk"])
        return NoticeSerializer.read(shown_to(self.user, notices))
