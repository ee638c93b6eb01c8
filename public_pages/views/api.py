"""What all public views of the API have in common."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from eventhub.api.viewsets import PublicViewSet
from eventhub.exceptions import NotFound
from public_pages.cache_headers import cacheable


class PublicReadViewSet(PublicViewSet):
    """Anybody may keep a copy of what it answers, and any page may read it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = cacheable(request, super().dispatch(request, *args, **kwargs))
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not settings.PUBLIC_PAGES:
            raise NotFound()
        super().initial(request, *args, **kwargs)
