"""The OpenAPI document: bodies from serializers, error codes and descriptions from the viewsets."""

import inspect
import re
from collections import defaultdict
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import Direction, OpenApiParameter
from rest_framework import exceptions as drf

from eventhub import exceptions
from eventhub.api.exception_handler import as_refusal
from eventhub.api.fields import DATE, TIME
from eventhub.api.files import FileKind
from eventhub.api.serializers import Body

ERROR_REF = {"$ref": "#/components/schemas/Error"}
ERROR = {
    "type": "object",
    "required": ["msg", "code"],
    "properties": {
        "msg": {"type": "string", "description": "For a person."},
        "code": {"type": "string", "description": "For a program; stable."},
        "errors": {"type": "object", "description": "With `invalid` and `answers_closed`: the problems by field."},
        "can_wait": {"type": "boolean", "description": "With `event_full`: whether the waiting list is open."},
        "scope": {"type": "string", "description": "With `insufficient_scope`: the missing scope."},
        "attendee_id": {
            "type": "integer",
            "description": "With `already_registered`: the live registration, if you may know whose it is.",
        },
        "reason": {
            "enum": [reason.value for reason in exceptions.ClosedReason],
            "description": "With `registration_closed`.",
        },
        "opens_at": {"type": "string", "format": "date-time", "description": "With the reason `not_open_yet`."},
        "closes_at": {
            "type": "string",
            "format": "date-time",
            "description": "With the reason `closed`.",
        },
        "closed_since": {
            "type": "string",
            "format": "date-time",
            "description": "With `change_closed` and `answers_closed`.",
        },
    },
}
DESCRIPTIONS = {
    400: "The body or a parameter is not valid",
    401: "Not signed in",
    403: "You may not do this",
    404: "Not found, or not visible to you",
    406: "The request does not accept the type of the response",
    409: "Not possible now",
    410: "No longer valid",
    412: "The item does not match `If-Match` or `If-None-Match`",
    422: "The `Idempotency-Key` was used for another request",
    413: "The body is too large",
    415: "The body is not JSON",
    429: "Too many requests; Retry-After says when to come back",
    500: "An error in the service",
    501: "This server lacks a library for it",
    503: "The database is unavailable or too busy; Retry-After says when to come back",
}
# Headers of refusals, which the exceptions set.
HEADERS = {
    401: {"WWW-Authenticate": "Always `Bearer`: the scheme to sign in with."},
    429: {"Retry-After": "Seconds to wait."},
    503: {"Retry-After": "Seconds to wait."},
}
INTRODUCTION = """\
Announce events, take registrations for a limited number of seats, and check people in.

**Signing in.** `POST /users/register` creates an account. `POST /users/login` returns a `token` for
`Authorization: Bearer <token>`, and a `refresh` token that `POST /users/token/refresh` exchanges once for new ones.
Integrations use a service token of `POST /users/me/tokens/` in the same header, and helpers at the door of an event a
gate token of `POST /events/{id}/gate-tokens/`.

**Errors.** Every error is `{"msg": "Event is full", "code": "event_full"}`: `msg` is for people, `code` is stable and
for programs. With the code `invalid`, `errors` has the problems by field. Some codes come with more keys.

**Lists.** A list is `{"next": url, "previous": url, "results": [...]}`. Follow `next` until it is null. An unknown
parameter is a 400.

**Times.** Responses give times in UTC, with `Z`. Requests may give any offset; without one, the time zone of the event
applies, or else that of the server. If its clocks repeat a time, the first one counts; if they skip it, the offset from
before applies. A date alone is the start of that day, and in a field for an end the end of that day.

**Changes.** `PUT` and `PATCH` keep the value of absent keys. `Idempotency-Key` makes a `POST` safe to repeat, and
`If-Match` prevents overwriting somebody else's edit.
"""
NOT_MODIFIED = "The item still has one of the tags in `If-None-Match`"
# Headers of the requests and responses of an operation on one item.
CONDITIONS = {
    "If-Match": "ETags of the item. The answer is a 412 if somebody has edited it since; seats that are taken or given"
    " up are no edit.",
    "If-None-Match": "ETags of the item. A GET gets a 304 without a body if the item still has one of them; a change"
    " gets a 412 if nobody has edited it since.",
}
IDEMPOTENCY_KEY = (
    "1 to 255 visible ASCII characters that you have sent with no other request. If you send the same request again"
    " within 24 hours, it is not done again and gets the first answer; a refusal leaves the key free."
)
REPLAYED = "`true` if this answer was given before."
ETAG = "The state of the item, for `If-Match` and `If-None-Match`."
INVALID = exceptions.Invalid({"field": ["This value is not valid."]})


class TimeExtension(OpenApiSerializerFieldExtension):
    """A time in a request may be a date alone."""

    target_class = "eventhub.datetimes.TimeField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> Any:
        return {"oneOf": [TIME, DATE]} if direction == "request" else TIME


class ContractSchema(AutoSchema):
    view: Any  # an ApiViewSet

    @property
    def status(self) -> int:
        status: int = self.view.success_status.get(self.view.action, 200)
        return status

    @property
    def input(self) -> type[Body] | None:
        return self.view.input_serializers.get(self.view.action)  # type: ignore[no-any-return]

    @property
    def output(self) -> Any:
        if self.file:
            return OpenApiTypes.BINARY if self.file.is_binary else OpenApiTypes.STR
        return None if self.status == 204 else self.view.get_serializer_class()

    @property
    def file(self) -> FileKind | None:
        """The kind of file that an action answers with."""
        return getattr(self.view, "file", None)

    @property
    def is_list(self) -> bool:
        return self.view.action in self.view.list_actions

    @property
    def has_etag(self) -> bool:
        return self.view.action in self.view.etag_actions

    @property
    def is_idempotent(self) -> bool:
        """Whether the action accepts an Idempotency-Key (accounts/idempotency/decorator.py)."""
        return getattr(getattr(self.view, self.view.action), "is_idempotent", False)

    @property
    def scope(self) -> str | None:
        """The scope that a service token needs for the action; None where no token is accepted."""
        return next((permission.scope(self.view) for permission in self.view.get_permissions()), None)

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
        if self.view.public:
            return []
        ways: list[dict[str, Any]] = [{"bearer": []}]
        if self.scope:
            ways.append({"service_token": [str(self.scope)]})
        if self.view.action in self.view.gate_actions:
            ways.append({"gate_token": []})
        return ways

    def get_override_parameters(self) -> list[Any]:
        headers = []
        if self.has_etag and self.method != "POST":
            headers += [_header(name, text) for name, text in CONDITIONS.items()]
        if self.is_idempotent:
            headers.append(_header("Idempotency-Key", IDEMPOTENCY_KEY))
            headers.append(_header("Idempotent-Replayed", REPLAYED, of_answer=True))
        if self.has_etag and self.output is not None:
            headers.append(_header("ETag", ETAG, of_answer=[self.status]))
        return headers

    def get_request_serializer(self) -> Any:
        # The contract's PUT keeps absent keys, as PATCH does: nothing is required.
        return self.input(partial=True) if self.input and self.method in ("PUT", "PATCH") else self.input

    def get_response_serializers(self) -> Any:
        if self.file:
            return {(self.status, self.file.media_type): self.output}
        return {self.status: self.output(many=True) if self.is_list else self.output, **self.other_outputs}

    @property
    def other_outputs(self) -> dict[int, Any]:
        """The serializers of successes with another status."""
        return {**self.view.other_outputs.get(self.view.action, {})}

    def _get_serializer_field_meta(self, field: Any, direction: Any) -> Any:
        meta = super()._get_serializer_field_meta(field, direction)
        if getattr(field.root, "partial", False):
            meta.pop("default", None)  # an absent key keeps its value
        return meta

    def _get_request_body(self, direction: Any = "request") -> Any:
        body = super()._get_request_body(direction)
        if body:
            example = getattr(self.input, "example", None)
            body["content"]["application/json"]["example"] = example
        return body

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        responses = super()._get_response_bodies(direction)
        for code, response in responses.items():
            response["description"] = response.get("description") or self.get_summary()
            if "content" in response:
                other = self.other_outputs.get(int(code))
                example = other.example if other else self._output_example()
                media_type = self.file.media_type if self.file and not other else "application/json"
                response["content"][media_type]["example"] = example
        if self.has_etag and self.method == "GET":
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
            if status in HEADERS:
                responses[str(status)]["headers"] = {
                    name: {"description": text, "required": True, "schema": {"type": "string"}}
                    for name, text in HEADERS[status].items()
                }
        return responses

    def _docstring(self) -> str:
        """Return what the view says of an action of DRF's own, else the action's docstring."""
        described = self.view.descriptions.get(self.view.action)
        return inspect.cleandoc(described or getattr(self.view, self.view.action).__doc__ or "")

    def _output_example(self) -> Any:
        """Return the example of the output, with the values that the example of the input sets."""
        if self.file:
            return self.file.example
        example = getattr(self.output, "example", None)
        if self.is_list:
            return {"next": None, "previous": None, "results": [example]}
        sent = getattr(self.input, "example", {})
        return example and {**example, **{name: value for name, value in sent.items() if name in example}}

    def _refusals(self) -> list[Exception]:
        refusals: list[Exception] = []
        if self.view.public:
            refusals += [drf.Throttled(wait=30)]
        else:
            refusals += [exceptions.NotAuthenticated(), exceptions.TokenNotValid(), drf.Throttled(wait=30)]
            refusals += [exceptions.InsufficientScope(self.scope)]
        if self.input is not None:
            refusals += [
                drf.ParseError("JSON parse error"),
                exceptions.TooLarge(),
                drf.UnsupportedMediaType("text/plain"),
            ]
        if self.input is not None or self.is_list or self.is_idempotent:
            refusals.append(INVALID)
        if self.is_idempotent:
            refusals.append(exceptions.IdempotencyKeyReused())
        refusals += self.view.error_responses.get(self.view.action, ())
        if self.has_etag and self.method != "POST":
            refusals.append(exceptions.PreconditionFailed())
        if self.method != "GET":
            refusals.append(exceptions.Refusal())
        return [*refusals, drf.NotAcceptable(), exceptions.Unexpected(), exceptions.Unavailable()]


def _header(name: str, text: str, *, of_answer: bool | list[int] = False) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text, response=of_answer)


def _numbered(bodies: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    seen: dict[str, int] = defaultdict(int)
    numbered = []
    for body in bodies:
        numbered.append((seen[body["code"]], body))
        seen[body["code"]] += 1
    return numbered


def hide_slash_aliases(endpoints: list[tuple[Any, ...]], **kwargs: Any) -> list[tuple[Any, ...]]:
    """Hook of drf-spectacular: document only the contract's spelling of a path."""
    return [endpoint for endpoint in endpoints if not getattr(endpoint[3], "is_slash_alias", False)]


def add_shared_components(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Hook of drf-spectacular: add the introduction, the error body and the ways to authenticate."""
    result["info"]["description"] = INTRODUCTION
    components = result.setdefault("components", {})
    for schema in components.setdefault("schemas", {}).values():
        if any(not str(value).isidentifier() for value in schema.get("enum", ())):
            schema["x-enum-varnames"] = [re.sub(r"\W", "_", value).upper() or "EMPTY" for value in schema["enum"]]
    components["schemas"]["Error"] = ERROR
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "service_token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "evh_...",
            "description": "A service token, made for the scope that the operation names.",
        },
        "gate_token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "evg_...",
            "description": "A gate token, for helpers at the door of one event.",
        },
    }
    return result
