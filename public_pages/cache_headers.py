"""What public answers have in common: anybody may keep a copy for a minute, and any page may read the API's."""

import hashlib

from django.http import HttpResponseNotModified
from django.http.request import HttpRequest
from django.http.response import HttpResponseBase

from eventhub.api.etags import is_named

# A copy is fresh for a minute. For five more, a cache may give it away while it gets a new one.
CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=300"
NOT_CACHED = "no-store"
CACHED = {200, 301}


def cacheable(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Add the caching headers and an ETag of the whole answer; a 304 where the client has it already."""
    if response.status_code not in CACHED:
        response.headers["Cache-Control"] = NOT_CACHED  # an event that is published now should be found now
        return response
    if hasattr(response, "render"):
        response.render()
    response.headers["Cache-Control"] = CACHE_CONTROL
    if response.status_code != 200:
        return response
    content: bytes = response.content  # type: ignore[attr-defined]
    tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    response.headers["ETag"] = tag
    if not is_named(tag, request.META.get("HTTP_IF_NONE_MATCH", "")):
        return response
    headers = {name: value for name, value in response.headers.items() if name.lower() not in {"content-type"}}
    # The length of the body that is left out (RFC 9110, section 8.6).
    return HttpResponseNotModified(headers={**headers, "Content-Length": str(len(content))})
