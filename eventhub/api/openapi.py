"""The OpenAPI document, from what each view declares in `operations`, and summaries from docstrings."""

import inspect
from collections import defaultdict
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions as drf

from accounts.permissions import SCOPES
from eventhub import exceptions
from eventhub.api.exception_handler import as_refusal
from eventhub.api.viewsets import Operation

ERROR_REF = {"$ref": "#/components/schemas/Error"}
ERROR = {
    "type": "object",
    "required": ["msg", "code"],
    "properties": {
        "msg": {"type": "string", "description": "For a person."},
        "code": {"type": "string", "description": "For a program; stable."},
        "errors": {"type": "object", "description": "With code `invalid`: the problems by field."},
        "can_wait": {"type": "boolean", "description": "With `event_full`: whether the queue is open."},
        "scope": {"type": "string", "description": "With `insufficient_scope`: the one that the token lacks."},
        "attendee_id": {"type": "integer", "description": "With `already_registered`: the live registration."},
    },
}
DESCRIPTIONS = {
    400: "The body or a parameter is not valid",
    401: "Not signed in",
    403: "Not yours to do",
    404: "No such row, or not visible to you",
    406: "Another media type than JSON was asked for",
    409: "Not possible now",
    412: "The item is not, or no longer, as `If-Match` or `If-None-Match` says",
    422: "The `Idempotency-Key` was used for another request",
    413: "The body is too large",
    415: "The body is not JSON",
    429: "Too many requests; Retry-After says when to come back",
    500: "A fault of the service",
    503: "The database is away or too busy; Retry-After says when to come back",
}
NOT_MODIFIED = "The item is as `If-None-Match` says that you have it"
# What the requests and answers of an operation that is about one item may carry.
CONDITIONS = {
    "If-Match": "ETags that the item has had. A 412 where somebody has edited it since; seats that were taken or given"
    " up meanwhile are no edit.",
    "If-None-Match": "ETags that the item has had. Who reads it gets a 304 without a body where it still has one of"
    " them; who changes it a 412 where nobody has edited it since.",
}
IDEMPOTENCY_KEY = (
    "1 to 255 visible ASCII characters that you have sent with no other request. Sent again within 24 hours, the same"
    " request is not done again and gets the first answer; a refusal leaves the key free."
)
REPLAYED = "`true` where this answer was given before."
ETAG = "Which state of the item this is, for `If-Match` and `If-None-Match`."
INVALID = exceptions.Invalid({"field": ["This value is not valid."]})


class ContractSchema(AutoSchema):
    """Describes an ApiViewSet's action by its `Operation`."""

    view: Any  # an ApiViewSet

    @property
    def operation(self) -> Operation:
        declared: Operation = self.view.operations[self.view.action]
        return declared

    @property
    def is_keyed(self) -> bool:
        """Whether the operation heeds an Idempotency-Key (accounts/idempotency/decorator.py)."""
        return getattr(getattr(self.view, self.view.action), "is_keyed", False)

    def get_operation_id(self) -> str:
        partial = "_partially" if self.method == "PATCH" else ""
        return f"{self.view.resource}_{self.view.action}{partial}"

    def get_tags(self) -> list[str]:
        return [self.view.resource]

    def get_summary(self) -> str:
        return self._docstring().splitlines()[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        return "\n".join(self._docstring().splitlines()[1:]).strip()

    def get_auth(self) -> list[dict[str, Any]]:
        """How a request is signed: by a JWT, or by a service token, where one of that scope is let in."""
        if self.view.public:
            return []
        scope = SCOPES.get((self.view.resource, self.view.action))
        return [{"bearer": []}, *([{"service_token": [scope.value]}] if scope else [])]

    def get_override_parameters(self) -> list[Any]:
        """The headers of its own that the operation takes, and those that its answers carry."""
        headers = []
        if self.operation.tagged and self.method != "POST":
            headers += [_header(name, text) for name, text in CONDITIONS.items()]
        if self.is_keyed:
            headers.append(_header("Idempotency-Key", IDEMPOTENCY_KEY))
            headers.append(_header("Idempotent-Replayed", REPLAYED, of_answer=True))
        if self.operation.tagged and self.operation.output is not None:
            headers.append(_header("ETag", ETAG, of_answer=True))
        return headers

    def get_request_serializer(self) -> Any:
        operation = self.operation
        # The contract's PUT keeps what is absent, as PATCH does: nothing is required.
        return operation.input(partial=True) if operation.input and self.method in ("PUT", "PATCH") else operation.input

    def get_response_serializers(self) -> Any:
        operation = self.operation
        output = operation.output
        if output is not None and operation.many:
            return {operation.status: output(many=True)}
        return {operation.status: output}

    def _get_request_body(self, direction: Any = "request") -> Any:
        body = super()._get_request_body(direction)
        if body:
            example = getattr(self.operation.input, "example", None)
            body["content"]["application/json"]["example"] = example
        return body

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        responses = super()._get_response_bodies(direction)
        for response in responses.values():
            response["description"] = response.get("description") or self.get_summary()
            if "content" in response:
                response["content"]["application/json"]["example"] = self._output_example()
        if self.operation.tagged and self.method == "GET":
            responses["304"] = {"description": NOT_MODIFIED, "headers": responses["200"]["headers"]}
        by_status: dict[int, list[exceptions.Refusal]] = defaultdict(list)
        for refusal in filter(None, map(as_refusal, self._refusals())):
            by_status[refusal.status].append(refusal)
        for status in sorted(by_status):
            bodies = [refusal.body for refusal in by_status[status]]
            responses[str(status)] = {
                "description": DESCRIPTIONS[status],
                "content": {
                    "application/json": {
                        "schema": ERROR_REF,
                        "examples": {
                            f"{body['code']}_{n}" if n else body["code"]: {"value": body}
                            for n, body in _numbered(bodies)
                        },
                    }
                },
            }
        return responses

    def _docstring(self) -> str:
        return inspect.getdoc(getattr(self.view, self.view.action)) or ""

    def _output_example(self) -> Any:
        example = getattr(self.operation.output, "example", None)
        if self.operation.many:
            return {"next": None, "previous": None, "results": [example]}
        return example

    def _refusals(self) -> list[Exception]:
        """The operation's own refusals, and those that follow from what kind of operation it is."""
        refusals: list[Exception] = []
        if self.view.public:
            refusals += [drf.Throttled(wait=30)]
        else:
            refusals += [exceptions.NotAuthenticated(), exceptions.TokenNotValid(), drf.Throttled(wait=30)]
            refusals += [exceptions.InsufficientScope(SCOPES.get((self.view.resource, self.view.action)))]
        if self.operation.input is not None:
            refusals += [
                drf.ParseError("JSON parse error"),
                exceptions.TooLarge(),
                drf.UnsupportedMediaType("text/plain"),
            ]
        if self.operation.input is not None or self.operation.many or self.is_keyed:
            refusals.append(INVALID)
        if self.is_keyed:
            refusals.append(exceptions.IdempotencyKeyReused())
        refusals += self.operation.refusals
        if self.operation.tagged and self.method != "POST":
            refusals.append(exceptions.PreconditionFailed())
        if self.method != "GET":
            refusals.append(exceptions.Refusal())
        return [*refusals, drf.NotAcceptable(), exceptions.Unexpected(), exceptions.Unavailable()]


def _header(name: str, text: str, *, of_answer: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text, response=of_answer)


def _numbered(bodies: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    seen: dict[str, int] = defaultdict(int)
    numbered = []
    for body in bodies:
        numbered.append((seen[body["code"]], body))
        seen[body["code"]] += 1
    return numbered


def hide_slash_aliases(endpoints: list[tuple[Any, ...]], **kwargs: Any) -> list[tuple[Any, ...]]:
    """drf-spectacular's hook: only the contract's spelling of a path is documented."""
    return [endpoint for endpoint in endpoints if not getattr(endpoint[3], "is_slash_alias", False)]


def add_shared_components(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: the one error body, and how a request is signed."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Error"] = ERROR
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "service_token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "evh_...",
            "description": "A service token, made for the scope that the operation names.",
        },
    }
    return result
