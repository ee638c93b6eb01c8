"""Registering without an account over the API. The rules are in registrations/services/guests.py."""

from typing import Any, ClassVar

from django.conf import settings
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.api.throttling import CredentialsByAddress
from eventhub.api.viewsets import PublicViewSet
from eventhub.exceptions import (
    CaptchaFailed,
    EmailNotVerified,
    EventFull,
    EventNotFound,
    Forbidden,
    NotFound,
    TokenNotValid,
)
from eventhub.http import captcha
from public_pages.guest_limits import count_request
from public_pages.guest_serializers import (
    ConfirmationInput,
    ConfirmedRegistrationSerializer,
    GuestRequestInput,
    GuestRequestSerializer,
)
from public_pages.selectors.events import find_event
from registrations.exceptions import GuestsNotAllowed
from registrations.services import guests
from registrations.views.attendees import NOT_OPEN_YET

DETAILS = ("phone", "language", "wait", "answers")
CLOSED = (GuestsNotAllowed(), NOT_OPEN_YET, EventFull(can_wait=True))


class GuestRequestViewSet(PublicViewSet):
    resource = "guest"
    serializer_class = GuestRequestSerializer
    input_serializers: ClassVar = {"create": GuestRequestInput}
    success_status: ClassVar = {"create": 202}
    error_responses: ClassVar = {"create": (EventNotFound(), CaptchaFailed(), *CLOSED)}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not settings.PUBLIC_PAGES:
            raise NotFound()
        super().initial(request, *args, **kwargs)

    def create(self, request: Request, name: str) -> Response:
        """Request a registration without an account, for an event that takes guests.

        The person gets an email with a link, which is used with `POST /public/registrations/confirm` or on its page.
        The answer is the same whether or not the address is known. With `wait`, they get a place on the waiting list
        if no seat is free. `answers` is as in `POST /attendees/`. `captcha` is needed where the site has one.
        """
        event = find_event(name)
        values = self.get_valid_body()
        count_request(request.META, email=values["email"], event_id=event.pk)
        captcha.require(values.get("captcha", ""))
        details: Any = {key: values[key] for key in DETAILS if key in values}
        guests.request_registration(event=event, name=values["name"], email=values["email"], details=details)
        return Response(self.get_serializer({"email": values["email"]}).data, status=202)


class GuestConfirmationViewSet(PublicViewSet):
    resource = "guest"
    throttle_classes = (CredentialsByAddress,)
    serializer_class = ConfirmedRegistrationSerializer
    input_serializers: ClassVar = {"confirm": ConfirmationInput}
    error_responses: ClassVar = {
        "confirm": (TokenNotValid(), Forbidden(), EmailNotVerified(), EventNotFound(), *CLOSED),
    }

    @action(detail=False, methods=["post"])
    def confirm(self, request: Request) -> Response:
        """Confirm a registration with the token of the link.

        A second use returns the same registration. Where no seat is free any more, it is a 409 `event_full`; with
        `wait`, a place on the waiting list. `answers` are to questions that have changed since the request. Whoever
        has `manage_url` can see, change and cancel the registration.
        """
        body = self.get_valid_body()
        registration = guests.confirm(token=body["token"], wait=body["wait"], given=body.get("answers"))
        return Response(self.get_serializer(registration).data)
