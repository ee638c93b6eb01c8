"""The viewsets of the API are DRF's, with the contract's order of refusals.

Where several refusals apply, the first of these is the answer:

1. 404 of the path: no route.
2. 401, 405, 406, 429 and the role's 403: `initial`.
3. 404 and 403 of the row in the path: `get_object`.
4. 403 and 404 of what single fields of the body name, whatever the other fields are: `check_body`.
5. 400 of the whole body: `is_valid`.
6. 409 and 412: `perform_create`, `perform_update` and `perform_destroy`, which call the services.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ClassVar, cast

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.viewsets import GenericViewSet

from eventhub import audit
from eventhub.api import etags
from eventhub.api.etags import Precondition, Versioned
from eventhub.api.pagination import KeysetPagination
from eventhub.api.renderers import dumps
from eventhub.api.serializers import Body
from eventhub.api.throttling import GeneralThrottle
from eventhub.db import routers
from eventhub.exceptions import NotAuthenticated, Refusal

if TYPE_CHECKING:
    from accounts.models import User


class ApiViewSet(GenericViewSet[Any]):
    """A resource. `resource` and the action's name are the key of the permission table.

    `serializer_class` is what responses show; the mappings are by action, for the code and for the OpenAPI document.
    """

    resource: ClassVar[str]
    public: ClassVar[bool] = False
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    lookup_value_converter = "int"
    ordering_fields: ClassVar[Collection[str]] = ()
    ordering: ClassVar[str] = ""
    first_page_is_compiled: ClassVar[bool] = (
        False  # `get_queryset` uses the user's id, role and teams, and the path's id, alone
    )
    input_serializers: ClassVar[Mapping[str, type[Body]]] = {}
    success_status: ClassVar[Mapping[str, int]] = {"create": 201, "destroy": 204}
    other_outputs: ClassVar[Mapping[str, Mapping[int, Any]]] = {}  # further serializers of responses, by status
    list_actions: ClassVar[Collection[str]] = ("list",)
    etag_actions: ClassVar[Collection[str]] = ()  # about one item: with an ETag, If-Match and If-None-Match
    error_responses: ClassVar[Mapping[str, Collection[Refusal]]] = {}  # beside those of every action of the kind
    descriptions: ClassVar[Mapping[str, str]] = {}  # of actions that are DRF's own
    gate_actions: ClassVar[Collection[str]] = ()  # that a gate token may call (checkin/views/gates.py)
    hidden_account: int | None = None  # whom the response is about and does not name; for erasing stored responses
    replayed: Any = None  # the stored body (Idempotency-Key), for `check_replay`

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with audit.acting_through(audit.Channel.API), routers.one_request() if routers.IS_CONFIGURED else nullcontext():
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not self.public and not request.user.is_authenticated:
            raise NotAuthenticated()
        audit.set_user(request.user.pk)
        if str(request.method).lower() not in self.action_map:
            raise MethodNotAllowed(str(request.method))
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.check_throttles(request)
        self.check_permissions(request)
        if routers.IS_CONFIGURED and request.method in SAFE_METHODS:
            routers.offer()

    def handle_exception(self, exc: Exception) -> Response:
        """Repeat a read on the primary when the replica failed."""
        if routers.withdraw(exc):
            try:
                response: Response = getattr(self, str(self.action))(self.request, *self.args, **self.kwargs)
                return response
            except Exception as problem:
                exc = problem
        return super().handle_exception(exc)

    def check_throttles(self, request: Request, throttles: Iterable[BaseThrottle] | None = None) -> None:
        """Stop at the first throttle that refuses: a later one may read the body, whose 400 must not win."""
        for throttle in [GeneralThrottle(), *self.get_throttles()] if throttles is None else throttles:
            if not throttle.allow_request(request, self):
                self.throttled(request, throttle.wait())  # type: ignore[arg-type]

    @property
    def user(self) -> "User":
        return cast("User", self.request.user)

    @property
    def precondition(self) -> Precondition:
        sent = self.request.META
        return Precondition(sent.get("HTTP_IF_MATCH"), sent.get("HTTP_IF_NONE_MATCH"))

    def find_object(self, pk: int) -> Any:
        """Return the row with that id. Raise a 404 if it does not exist or is hidden from the user.

        A viewset that has routes for single items defines this.
        """
        raise NotImplementedError  # a programming error: the viewset has single items and does not say how to find them

    def get_object(self) -> Any:
        row = self.find_object(self.kwargs["pk"])
        self.check_object_permissions(self.request, row)
        return row

    def get_body(self, instance: Any = None) -> Body:
        """Return the unchecked body. Absent keys keep their value in a change of `instance`."""
        serializer_class = self.input_serializers[str(self.action)]
        context = self.get_serializer_context()
        return serializer_class(instance, data=self.request.data, partial=instance is not None, context=context)

    def check_body(self, body: Body) -> dict[str, Any]:
        """Raise refusals that win over the body's 400. Return the rows that it names, as arguments of `perform_*`."""
        return {}

    def check_replay(self) -> None:
        """Raise a 403 or 404 if the reader of a stored response (Idempotency-Key) may no longer see it."""

    def get_valid_body(self) -> dict[str, Any]:
        body = self.get_body()
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = body.validated_data
        return values

    def item_response(self, item: Any) -> Response:
        """Return one item, with its ETag where the action has one. Conditional GETs get 304 or 412."""
        body = self.get_serializer(item).data
        status = self.success_status.get(str(self.action), 200)
        if self.action not in self.etag_actions:
            return Response(body, status=status)
        return self._tagged_response(dumps(body), item, status)

    def _tagged_response(self, rendered: bytes, item: Versioned, status: int) -> Response:
        tag = etags.tag_of(item.edition, rendered)
        headers = {"ETag": tag}  # eventhub/http/security_headers.py says who may keep a copy
        if self.request.method in SAFE_METHODS:
            wanted = self.precondition
            Precondition(match=wanted.match).require(item)
            if wanted.none_match is not None and etags.is_named(tag, wanted.none_match):
                # The length of the body that is left out (RFC 9110, section 8.6), not 0.
                return Response(status=304, headers={**headers, "Content-Length": str(len(rendered))})
        return Response(orjson.Fragment(rendered), status=status, headers=headers)

    def file_response(self, content: bytes, item: Versioned, *, name: str, content_type: str) -> HttpResponse:
        """Return a file that is made of one item, with its ETag."""
        response = self._tagged_response(content, item, 200)
        if response.status_code != 200:
            return response
        headers = {"ETag": response["ETag"], "Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(content, content_type=content_type, headers=headers)

    def list_response(self) -> Response:
        """Return a page of `get_queryset`, filtered, searched and ordered as the request wants."""
        paginator = cast("KeysetPagination", self.paginator)
        if self.first_page_is_compiled and not self.request.query_params and (self.public or not self.user.team_roles):
            page = paginator.first_page(self)
        else:
            page = paginator.paginate_queryset(self.filter_queryset(self.get_queryset()), self.request, self)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ListMixin(ApiViewSet):
    def list(self, request: Request) -> Response:
        return self.list_response()


class CreateMixin(ApiViewSet):
    perform_create: Callable[..., Any]  # of the body and what `check_body` returned; returns the new item

    def create(self, request: Request) -> Response:
        body = self.get_body()
        named = self.check_body(body)
        body.is_valid(raise_exception=True)
        return self.item_response(self.perform_create(body, **named))

    def check_replay(self) -> None:
        self.check_body(self.get_body())


class RetrieveMixin(ApiViewSet):
    def retrieve(self, request: Request, pk: int) -> Response:
        return self.item_response(self.get_object())


class UpdateMixin(ApiViewSet):
    perform_update: Callable[..., Any]  # as `perform_create`, of a body with its `instance`

    def update(self, request: Request, pk: int) -> Response:
        body = self.get_body(self.get_object())
        named = self.check_body(body)
        body.is_valid(raise_exception=True)
        return self.item_response(self.perform_update(body, **named))


class DestroyMixin(ApiViewSet):
    perform_destroy: Callable[..., None]

    def destroy(self, request: Request, pk: int) -> Response:
        self.perform_destroy(self.get_object())
        return Response(status=204)


class PublicViewSet(ApiViewSet):
    """For everyone. The Authorization header is ignored, so that an expired token never stands in the way."""

    public = True
    authentication_classes = ()
    permission_classes = ()
