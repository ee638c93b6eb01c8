"""Django's middleware that only the back office needs: the API has no sessions, and is not to pay for them."""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django_otp.middleware import OTPMiddleware

from eventhub.answers import in_office


class _InOffice:
    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if in_office(request):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)


class OfficeSessions(_InOffice, SessionMiddleware): ...


class OfficeAccounts(_InOffice, AuthenticationMiddleware): ...


class OfficeSecondFactor(_InOffice, OTPMiddleware): ...


class OfficeMessages(_InOffice, MessageMiddleware): ...
