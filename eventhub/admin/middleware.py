"""The back office's middleware: the API has no sessions, and does not pay for them."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django_otp.middleware import OTPMiddleware

from eventhub.api.exception_handler import as_refusal
from eventhub.exceptions import Refusal, TooLarge
from eventhub.http.error_views import ADMIN_PATH, refused

# A file of 5 MB (registrations/admin/import_views.py), and the rest of its form.
MAX_UPLOAD_BYTES = 6 * 1024 * 1024


class AdminMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.with_sessions: Any = SessionMiddleware(
            AuthenticationMiddleware(OTPMiddleware(MessageMiddleware(get_response)))
        )

    def __call__(self, request: HttpRequest) -> Any:
        if not request.path_info.startswith(ADMIN_PATH):
            return self.get_response(request)
        # Chunked bodies, which browsers do not send, end where those of the API do (eventhub/wsgi.py).
        most = settings.MAX_BODY_BYTES if "HTTP_TRANSFER_ENCODING" in request.META else MAX_UPLOAD_BYTES
        length = request.META.get("CONTENT_LENGTH") or ""
        if length.isdecimal() and int(length) > most:
            return refused(request, TooLarge())
        return self.with_sessions(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn a refusal by the database or a rule into an error page instead of a 500."""
        foreseen = isinstance(exception, DatabaseError | InterfaceError | Refusal)
        return refused(request, exception) if foreseen and as_refusal(exception) else None
