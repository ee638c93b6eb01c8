"""The client of the API tests, which checks every response against the OpenAPI document."""

import functools
import json
import re
import time
from typing import Any

import jsonschema_rs
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.services.jwt import issue_tokens


class ContractClient(Client):
    """Sends and reads JSON; `token` signs every request. `answer.json()` is the body, `answer.status_code` the status.

    Failures inside the service are answers too (a 500), not exceptions of the test.
    """

    def __init__(self, token: str | None = None) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        super().__init__(headers=headers, raise_request_exception=False)

    def generic(self, method: str, path: str, data: Any = "", content_type: Any = None, **extra: Any) -> Any:
        answer = super().generic(method, path, data, content_type or "application/json", **extra)
        if answer.streaming:
            answer = read(answer)
        hold_against_document(method, path, answer)
        return answer

    def send(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        """Any verb, with a body of JSON where one is given."""
        return self.generic(method, path, "" if body is None else json.dumps(body), **extra)

    def post(self, path: str, body: Any = None, **extra: Any) -> Any:  # type: ignore[override]
        return self.send("POST", path, body, **extra)

    def put(self, path: str, body: Any = None, **extra: Any) -> Any:  # type: ignore[override]
        return self.send("PUT", path, body, **extra)

    def patch(self, path: str, body: Any = None, **extra: Any) -> Any:  # type: ignore[override]
        return self.send("PATCH", path, body, **extra)

    def delete(self, path: str, body: Any = None, **extra: Any) -> Any:  # type: ignore[override]
        return self.send("DELETE", path, body, **extra)


def token_for(user: User, *, signed_in_at: float | None = None) -> str:
    """Return the access token of a sign-in at that Unix time, by default now."""
    return issue_tokens(user, auth_time=int(time.time() if signed_in_at is None else signed_in_at))["token"]


def read(answer: Any) -> Any:
    """An answer that is a file, read to its end."""
    whole: Any = HttpResponse(answer.getvalue(), status=answer.status_code, headers=answer.headers)
    whole.json = lambda: json.loads(whole.content)
    return whole


@functools.cache
def document() -> dict[str, Any]:
    from eventhub.api.docs_views import document as made

    loaded: dict[str, Any] = json.loads(made())
    return loaded


@functools.cache
def operations() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Return the operations of each path, by verb, beside the pattern of the path."""
    paths = document()["paths"].items()
    return [(re.compile(_pattern(template).rstrip("/") + "/?"), verbs) for template, verbs in paths]


def _pattern(template: str) -> str:
    number = "[0-9]{1,18}"
    pattern = template.replace(".", r"\.").replace("{id}", number).replace("{message_id}", number)
    return pattern.replace("{secret}", "[^/]+").replace("{kind}", "[^/]+")


@functools.cache
def validator(reference: str) -> Any:
    """Return the validator of one schema, given as JSON."""
    schema = {**json.loads(reference), "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def hold_against_document(method: str, path: str, answer: Any) -> None:
    """Assert that the status, the headers, an error's code and the shape of the body are documented."""
    operation = _operation(method, path.split("?")[0])
    if operation is None:
        return
    documented = operation["responses"].get(str(answer.status_code))
    assert documented, f"{method} {path} answered {answer.status_code}, which is not documented"
    missing = {name for name, header in documented.get("headers", {}).items() if header.get("required")}
    missing -= set(answer.headers)
    assert not missing, f"{method} {path} answered {answer.status_code} without {missing}"
    if "content" not in documented:
        assert answer.content == b"", f"{method} {path} answered a body, which is not documented"
        return
    ((media_type, content),) = documented["content"].items()
    sent = answer.headers["Content-Type"].partition(";")[0]
    assert sent == media_type, f"{method} {path} answered {sent}, documented is {media_type}"
    if media_type != "application/json":
        return
    body = answer.json()
    validator(json.dumps(content["schema"])).validate(body)
    if answer.status_code >= 400:
        codes = {example["value"]["code"] for example in content["examples"].values()}
        assert body["code"] in codes, f"{method} {path} answered the code {body['code']}, documented are {codes}"


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for pattern, verbs in operations():
        if pattern.fullmatch(path):
            return verbs.get(method.lower().replace("head", "get"))
    return None
