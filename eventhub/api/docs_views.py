"""The OpenAPI document, Swagger UI, and the root with links to everything."""

import functools
import threading
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView

from eventhub.api.renderers import dumps

_generating = threading.Lock()


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI. It needs no sign-in and ignores the Accept header."""

    authentication_classes = ()
    url_name = "schema"

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)


docs = Docs.as_view()


def root(request: HttpRequest) -> JsonResponse:
    """Return links to the parts of the service."""
    names = {"docs": "docs", "schema": "schema", "events": "event-list", "health": "healthz", "ready": "readyz"}
    links = {key: request.build_absolute_uri(reverse(name)) for key, name in names.items()}
    return JsonResponse({"name": "EventHub", "admin": request.build_absolute_uri(reverse("admin:index")), **links})


def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document as JSON."""
    return HttpResponse(document(), content_type="application/vnd.oai.openapi+json;version=3.1")


def document() -> bytes:
    # One thread makes it: the generator keeps what it has met so far in places that all threads share.
    with _generating:
        return _generate()


@functools.cache
def _generate() -> bytes:
    """Generate once per process: the document depends only on code and settings."""
    return dumps(SchemaGenerator().get_schema(public=True))
