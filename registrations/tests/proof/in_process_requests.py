"""Requests to the whole service, middleware and all, without a socket: what a gunicorn worker would do with them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from accounts.models import User
from eventhub.wsgi import application
from registrations.tests.proof.outcomes import Answer, Call, of_api, of_office, of_page
from registrations.tests.proof.scenarios import Scene, token_for

CSRF = "x" * 32  # the same in the cookie and in the header, as a browser with the cookie would have it
_requests = RequestFactory(SERVER_NAME="localhost")


def api(user: User, verb: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Call:
    """A request as `user`, to be sent in the race, perhaps under an Idempotency-Key; its token is signed beforehand."""
    headers = {"authorization": f"Bearer {token_for(user)}", **({"idempotency-key": key} if key else {})}
    content = b"" if body is None else json.dumps(body).encode()

    def send() -> Answer:
        request = _requests.generic(verb, path, content, "application/json", headers=headers)
        response = _answered(request)
        return of_api(response.status_code, json.loads(response.content) if response.content else None)

    return send


def public_api(path: str, body: Mapping[str, Any]) -> Call:
    """A POST to the API by somebody without an account."""

    def send() -> Answer:
        response = _answered(_requests.post(path, dict(body), "application/json"))
        return of_api(response.status_code, json.loads(response.content))

    return send


def public_form(path: str, fields: Mapping[str, Any]) -> Call:
    """A form of a public page."""

    def send() -> Answer:
        return of_page(_answered(_requests.post(path, dict(fields))))

    return send


def office(scene: Scene, user: User, path: str, fields: Mapping[str, Any]) -> Call:
    """A form of the back office, posted by somebody who is signed in there."""
    post = _poster(scene, user)

    def send() -> Answer:
        return of_office(*post(path, fields))

    return send


def upload(scene: Scene, user: User, path: str, text: str, options: Mapping[str, str]) -> Call:
    """A list of people brought in by its page: a look at it, one with these options, and the confirmation of that."""
    post = _poster(scene, user)

    def send() -> Answer:
        request, page = post(path, {"file": SimpleUploadedFile("people.csv", text.encode())})
        rows = (getattr(page, "context_data", None) or {}).get("rows")
        if rows is not None:
            request, page = post(path, {"rows": rows, "update": "", **options})
            rows = (getattr(page, "context_data", None) or {}).get("rows", rows)
            request, page = post(path, {"rows": rows, "skip_errors": "on", **options})
        return of_office(request, page)

    return send


def _poster(scene: Scene, user: User) -> Callable[..., tuple[HttpRequest, HttpResponse]]:
    cookies = {settings.SESSION_COOKIE_NAME: scene.session(user), settings.CSRF_COOKIE_NAME: CSRF}
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "x-csrftoken": CSRF}

    def post(path: str, fields: Mapping[str, Any]) -> tuple[HttpRequest, HttpResponse]:
        request = _requests.post(path, dict(fields), headers=headers)
        return request, _answered(request)

    return post


def _answered(request: HttpRequest) -> HttpResponse:
    if application._middleware_chain is None:
        application.load_middleware()
    response = application.get_response(request)
    response.close()  # as a server does, which gives the connection back
    return response
