"""The API of messages to attendees. The rules are in notifications/services/messages.py."""

from typing import ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from eventhub.api.viewsets import ApiViewSet
from eventhub.exceptions import EventNotFound, Forbidden, MessageNotFound, MessagesNotAllowed, TooManyMessages
from events.models import Event
from notifications.models import Kind, Message
from notifications.previews import preview
from notifications.serializers import MessageInput, MessageProgressSerializer, MessageSerializer, MessageTrialSerializer
from notifications.services import messages
from notifications.texts import Wording

_EVENT = (Forbidden(), EventNotFound())


class MessageViewSet(ApiViewSet):
    """Messages of an event, whose id is the `pk` of the path."""

    resource = "message"
    queryset = Message.objects.all()
    lookup_url_kwarg = "message_id"
    ordering_fields = ("created_at",)
    ordering = "-created_at"
    input_serializers: ClassVar = {"create": MessageInput}
    other_outputs: ClassVar = {"create": {200: MessageTrialSerializer}}
    error_responses: ClassVar = {
        "list": _EVENT,
        "create": (*_EVENT, MessagesNotAllowed(), TooManyMessages()),
        "retrieve": (*_EVENT, MessageNotFound()),
        "stop": (*_EVENT, MessageNotFound()),
    }
    descriptions: ClassVar = {
        "list": "The messages to the attendees of an event, the newest first.",
        "create": """Write to the attendees of an event.

        Everybody in the audience gets a mail of their own, after all mails that are more urgent. People who want no
        such mails get none. With `dry_run` nothing is sent: the answer is a 200 with the number of recipients and a
        sample. An event has three messages a day. Organizers whom no admin trusts with this cannot reach people who
        were added by address, and where the site's `BULK_MAIL` says so, nobody.
        """,
        "retrieve": "A message, with how many of its mails wait, are sent, failed or were skipped.",
    }

    def list(self, request: Request, pk: int) -> Response:
        self.get_object()
        return self.list_response()

    @idempotent
    def create(self, request: Request, pk: int) -> Response:
        event = self.get_object()
        messages.require_may_write(self.user, event)
        with timezone.override(event.zone):  # of a time without an offset
            values = self.get_valid_body()
        is_trial = values.pop("dry_run")
        wanted = values.pop("audience", {})
        message = messages.compose_message(event=event, by=self.user, wanted=wanted, **values)
        if is_trial:
            sample = preview(event, Kind.MESSAGE, Wording(message.subject, message.body))
            return Response(MessageTrialSerializer({"recipients": message.recipients, "sample": sample}).data)
        return self.item_response(messages.send(message))

    def check_replay(self) -> None:
        messages.require_may_write(self.user, self.get_object())

    def retrieve(self, request: Request, pk: int, message_id: int) -> Response:
        return self.item_response(self.find_message())

    @action(detail=True, methods=["post"])
    @idempotent
    def stop(self, request: Request, pk: int, message_id: int) -> Response:
        """Stop a message.

        What has not been sent yet is not sent any more. One that has ended stays as it is.
        """
        return self.item_response(messages.stop(message=self.find_message(), by=self.user))

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        return event

    def find_message(self) -> Message:
        found: Message | None = self.get_object().messages.filter(pk=self.kwargs["message_id"]).first()
        if found is None:
            raise MessageNotFound()
        return found

    def get_queryset(self) -> QuerySet[Message]:
        return MessageSerializer.read(Message.objects.filter(event=self.kwargs["pk"]))

    def get_serializer_class(self) -> type[MessageSerializer]:
        return MessageSerializer if self.action == "list" else MessageProgressSerializer
