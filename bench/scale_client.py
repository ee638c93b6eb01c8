"""Requests that are answered in this process, signed by somebody."""

import json
import time
from collections.abc import Iterable
from typing import Any

from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from bench.rows import PASSWORD_HASH


def clients(user_ids: Iterable[int]) -> dict[int, Client]:
    return {user_id: client(user_id) for user_id in user_ids}


def client(user_id: int) -> Client:
    """Of an account that the rows of a run have; its token is good for an hour."""
    access = AccessToken.for_user(User(pk=user_id, password=PASSWORD_HASH))
    access["auth_time"] = int(time.time())
    return Client(headers={"authorization": f"Bearer {access}", "host": "127.0.0.1"}, raise_request_exception=False)


def ask(
    who: Client, verb: str, path: str, body: Any = None, *, status: int = 200, headers: dict[str, str] | None = None
) -> Any:
    """The answer's body; RuntimeError for another status than the expected one."""
    data = "" if body is None else json.dumps(body)
    answer = who.generic(verb, path, data, content_type="application/json", headers=headers or {})
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer.status_code != status:
        raise RuntimeError(f"{verb} {path}: {answer.status_code} and not {status}: {content[:200]!r}")
    return json.loads(content) if content else None
