"""The WSGI application: `gunicorn eventhub.wsgi`."""

import io
import os
from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eventhub.settings")
get_wsgi_application()  # sets Django up, before the settings are read below

from django.conf import settings  # noqa: E402

from eventhub.db.postgresql.base import patience  # noqa: E402
from eventhub.http import client_ip  # noqa: E402

patience.seconds = settings.DB_WAIT_SECONDS


class Request(WSGIRequest):
    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Ignore a broken Content-Type, for which Django raises before any middleware could answer."""
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (ValueError, LookupError):
            self.content_type, self.content_params = "", {}


class Application(WSGIHandler):
    request_class = Request

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Mend what Django takes for granted, and read a chunked body, up to MAX_BODY_BYTES."""
        client_ip.drop_forged_headers(environ)
        if environ.get("SERVER_PROTOCOL") == "HTTP/1.1":  # which demands a Host; Django would take the server's name
            environ.setdefault("HTTP_HOST", "")
        if environ.get("HTTP_TRANSFER_ENCODING") and environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(settings.MAX_BODY_BYTES + 1)
            environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        return super().__call__(environ, start_response)

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Leave out the body of a response to HEAD, of which gunicorn would warn."""
        response: HttpResponseBase = super().get_response(request)
        if request.method == "HEAD":
            empty = "streaming_content" if response.streaming else "content"
            setattr(response, empty, b"")
        return response


application = Application()
