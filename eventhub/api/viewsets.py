"""What every API view is made of: the order in which refusals win, and what the documentation needs to know."""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import orjson
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed, ValidationError
from rest_framework.fields import SkipField
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import GenericViewSet

from eventhub import audit
from eventhub.api import etags
from eventhub.api.etags import Edited, Precondition
from eventhub.api.pagination import KeysetPagination
from eventhub.api.parsers import dumps
from eventhub.api.throttling import GeneralThrottle
from eventhub.db import routers
from eventhub.exceptions import NotAuthenticated, Refusal
from eventhub.listings import Listing

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Operation:
    """One row of the contract, for the schema: what goes in, what comes out (`many`: as a list), its own refusals.

    `tagged`: it is about one item, whose answers carry an ETag and whose requests may hang on one.
    """

    status: int = 200
    input: type[BaseSerializer[Any]] | None = None
    output: Any = None  # a serializer class; for a list, with the `row` that it is read as
    many: bool = False
    tagged: bool = False
    refusals: tuple[Refusal, ...] = ()


class ApiViewSet(GenericViewSet[Any]):
    """A resource. `resource` and the action's name are the key of the permission table."""

    resource: ClassVar[str]
    operations: ClassVar[Mapping[str, Operation]]
    public: ClassVar[bool] = False
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    orderings: ClassVar[Mapping[str, str]] = {}
    default_ordering: ClassVar[str] = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with audit.acting_through(audit.Channel.API), routers.one_request() if routers.IS_CONFIGURED else nullcontext():
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Before the handler, in the contract's order: 401, 405, 406, 429, then the role's 403."""
        if not self.public and not request.user.is_authenticated:
            raise NotAuthenticated()
        audit.set_user(request.user.pk)
        if self.action not in self.operations:
            raise MethodNotAllowed(str(request.method))
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.check_throttles(request)
        self.check_permissions(request)
        if routers.IS_CONFIGURED and request.method in SAFE_METHODS:
            routers.offer()

    def handle_exception(self, exc: Exception) -> Response:
        """A read that the replica failed is read again, from the primary."""
        if routers.withdraw(exc):
            try:
                answer: Response = getattr(self, str(self.action))(self.request, *self.args, **self.kwargs)
                return answer
            except Exception as problem:  # whatever it is, it is answered as any other
                exc = problem
        return super().handle_exception(exc)

    def check_throttles(self, request: Request, throttles: Iterable[BaseThrottle] | None = None) -> None:
        """The first that refuses answers, since a later one may read the body: a 429 wins over the body's 400."""
        for throttle in [GeneralThrottle(), *self.get_throttles()] if throttles is None else throttles:
            if not throttle.allow_request(request, self):
                self.throttled(request, throttle.wait())  # type: ignore[arg-type]

    @property
    def user(self) -> "User":
        """Who asks, behind every view but the public ones."""
        return cast("User", self.request.user)

    @property
    def condition(self) -> Precondition:
        """What the request demands of the item that it is about."""
        sent = self.request.META
        return Precondition(sent.get("HTTP_IF_MATCH"), sent.get("HTTP_IF_NONE_MATCH"))

    def item(self, body: Mapping[str, Any], edited: Edited, status: int = 200) -> Response:
        """An item with its ETag; for who reads it, a 304 where they have it as it is, or a 412 where it is not as they
        say."""
        rendered = dumps(body)
        tag = etags.tag_of(edited.edition, rendered)
        headers = {"ETag": tag}  # who may keep a copy, eventhub/http/security_headers.py says
        if self.request.method in SAFE_METHODS:
            asked = self.condition
            Precondition(match=asked.match).require(edited)
            if asked.none_match is not None and etags.is_named(tag, asked.none_match):
                # The length is that of the body which is left out (RFC 9110, section 8.6), and not 0.
                return Response(status=304, headers={**headers, "Content-Length": str(len(rendered))})
        return Response(orjson.Fragment(rendered), status=status, headers=headers)

    def paged(self, listed: Listing | QuerySet[Any], *ids: int) -> Response:
        """A page of what is listed, filtered as the request asks, in the contract's envelope."""
        pages = cast("KeysetPagination", self.paginator)
        if not isinstance(listed, Listing):
            page = pages.paginate_queryset(self.filter_queryset(listed), self.request, self)
        elif self.request.query_params:
            page = pages.paginate_queryset(self.filter_queryset(listed.queryset(*ids)), self.request, self)
        else:
            page = pages.first_page(listed, ids, self.request, self)
        return self.get_paginated_response([row.body() for row in page])

    @property
    def row(self) -> Any:
        """What is read of each row of a list."""
        return self.operations[self.action].output.row


class PublicViewSet(ApiViewSet):
    """For everyone: an Authorization header is not even looked at, so that a stale one never stands in the way."""

    public = True
    authentication_classes = ()
    permission_classes = ()


def peek(body: Serializer[Any], name: str) -> Any:
    """One field of a body whose other fields may be wrong, or None where it is absent or wrong itself.

    For the refusals that win over a 400: who may not touch a row at all is told so whatever else they sent.
    """
    data = body.initial_data
    if not isinstance(data, Mapping) or name not in data:
        return None
    try:
        return body.fields[name].run_validation(data[name])
    except (ValidationError, SkipField):
        return None
