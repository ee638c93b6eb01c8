"""Django's middleware that only the back office needs: the API has no sessions, and is not to pay for them."""

from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django_otp.middleware import OTPMiddleware

from eventhub.exceptions import TooLarge
from eventhub.http.error_views import in_office, refused

# A file of 5 MB (registrations/admin/import_views.py), and the rest of its form.
MOST_UPLOADED = 6 * 1024 * 1024


class _InOffice:
    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if in_office(request):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)


class OfficeUploads:
    """A body that is longer than any form with any file of ours is not read at all. Bodies in chunks, which browsers do
    not send, end where those of the API do (eventhub/wsgi.py)."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        in_chunks = "HTTP_TRANSFER_ENCODING" in request.META
        most = settings.MAX_BODY_BYTES if in_chunks else MOST_UPLOADED
        if in_office(request) and _length(request) > most:
            return refused(request, TooLarge())
        return self.get_response(request)


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isdecimal() else 0


class OfficeSessions(_InOffice, SessionMiddleware): ...


class OfficeAccounts(_InOffice, AuthenticationMiddleware): ...


class OfficeSecondFactor(_InOffice, OTPMiddleware): ...


class OfficeMessages(_InOffice, MessageMiddleware): ...
