"""The API of tickets. The rules are in checkin/services/tickets.py."""

from collections.abc import Callable
from typing import ClassVar

from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from checkin import ticket_files
from checkin.serializers import TicketSerializer
from checkin.services import tickets
from checkin.services.tickets import Ticket
from eventhub.api.files import FileKind, FileMixin
from eventhub.exceptions import AttendeeNotFound, Forbidden, NoTicket, NotInstalled
from registrations.models import Registration
from registrations.views.attendees import find_registration

NO_TICKET = (Forbidden(), AttendeeNotFound(), NoTicket())


class TicketViewSet(FileMixin):
    resource = "attendee"
    serializer_class = TicketSerializer
    etag_actions = ("ticket", "ticket_svg", "ticket_png", "ticket_pdf")
    files: ClassVar = {
        "ticket_svg": FileKind("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg">...</svg>'),
        "ticket_png": FileKind("image/png", "(a picture)", is_binary=True),
        "ticket_pdf": FileKind("application/pdf", "(a page of A6)", is_binary=True),
    }
    error_responses: ClassVar = {
        "ticket": NO_TICKET,
        "ticket_svg": NO_TICKET,
        "ticket_png": NO_TICKET,
        "ticket_pdf": (*NO_TICKET, NotInstalled()),
        "reissue_ticket": NO_TICKET,
    }

    @action(detail=True)
    def ticket(self, request: Request, pk: int) -> Response:
        """The ticket of a registration.

        Whoever has a seat has one. Correcting the name keeps the code; replacing the ticket voids it.
        """
        return self.item_response(self._ticket())

    @action(detail=True, url_path="ticket.svg")
    def ticket_svg(self, request: Request, pk: int) -> HttpResponse:
        """The QR code of a ticket as SVG."""
        return self._file_response(ticket_files.svg)

    @action(detail=True, url_path="ticket.png")
    def ticket_png(self, request: Request, pk: int) -> HttpResponse:
        """The QR code of a ticket as PNG."""
        return self._file_response(ticket_files.png)

    @action(detail=True, url_path="ticket.pdf")
    def ticket_pdf(self, request: Request, pk: int) -> HttpResponse:
        """The ticket as a page of A6 to print."""
        return self._file_response(ticket_files.pdf)

    @action(detail=True, methods=["post"], url_path="ticket/reissue")
    @idempotent
    def reissue_ticket(self, request: Request, pk: int) -> Response:
        """Replace the ticket of a registration, for example because somebody else has got hold of it.

        The code so far is refused at the door from now on. A person may do it three times a day; people who run the
        event, any time. The person gets an email with the new ticket, if the event sends emails.
        """
        return self.item_response(tickets.reissue(registration=self.get_object(), by=self.user))

    def check_replay(self) -> None:
        self.get_object()

    def find_object(self, pk: int) -> Registration:
        return find_registration(pk, self.user)

    def _ticket(self) -> Ticket:
        return tickets.ticket_of(self.get_object())

    def _file_response(self, write: Callable[[Ticket], bytes]) -> HttpResponse:
        ticket = self._ticket()
        kind = self.files[str(self.action)]
        name = f"ticket-{ticket.registration.pk}.{self.action.removeprefix('ticket_')}"
        return self.file_response(write(ticket), ticket, name=name, content_type=kind.media_type)
