"""The pages about the API: its OpenAPI document, Swagger UI over it, and the way in."""

import functools

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.views import SpectacularSwaggerSplitView

from eventhub.bodies import dumps

docs = SpectacularSwaggerSplitView.as_view(url_name="schema")


def root(request: HttpRequest) -> JsonResponse:
    """Where things are."""
    names = {"docs": "docs", "schema": "schema", "events": "event-list", "health": "healthz", "ready": "readyz"}
    links = {key: request.build_absolute_uri(reverse(name)) for key, name in names.items()}
    return JsonResponse({"name": "EventHub", "admin": request.build_absolute_uri(reverse("admin:index")), **links})


def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document as JSON."""
    return HttpResponse(_document(), content_type="application/vnd.oai.openapi+json;version=3.1")


@functools.cache
def _document() -> bytes:
    """Made once a process: it depends on nothing but the code and the settings."""
    return dumps(SchemaGenerator(api_version=spectacular_settings.VERSION).get_schema(public=True))
