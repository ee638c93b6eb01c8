"""Static files with conditional requests as in RFC 9110, section 13.1.2."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

from eventhub.api.etags import is_named


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        """Accept a list of tags, `*` and a weak tag, which a proxy that compresses makes of a strong one.

        WhiteNoise compares the whole header.
        """
        if is_named(static_file.etag, request.META.get("HTTP_IF_NONE_MATCH", "")):
            request.META["HTTP_IF_NONE_MATCH"] = static_file.etag
        response: HttpResponseBase = WhiteNoiseMiddleware.serve(static_file, request)
        return response
