"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a POST that a client may safely retry."""

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import store
from accounts.idempotency.store import Answer
from eventhub.api.renderers import dumps
from eventhub.api.viewsets import ApiViewSet
from eventhub.exceptions import Invalid

HEADER = "Idempotency-Key"
# A structured field's String (RFC 9651), as in the draft, or a bare key, as most clients send it. A bare key has no
# comma or space, because a proxy joins two headers with those.
QUOTED = re.compile(r'"((?:[!#-\[\]-~]|\\["\\]){1,255})"')
BARE = re.compile(r"[!#-+\--~]{1,255}")
NOT_A_KEY = "1 to 255 visible ASCII characters, in double quotes or without any."

View = Callable[..., Response]


def idempotent(view: View) -> View:
    """Let an action accept the header. Not for responses with a secret: they are stored."""

    @functools.wraps(view)
    def once(self: ApiViewSet, request: Request, *args: Any, **kwargs: Any) -> Response:
        sent = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if sent is None:
            return view(self, request, *args, **kwargs)
        key = parse_key(sent)
        takes_a_body = str(self.action) in self.input_serializers
        body = orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS) if takes_a_body else b""
        answer, is_replayed = store.answer_once(
            user=self.user,
            key=key,
            fingerprint=store.fingerprint(str(request.method), request.path, body),
            act=lambda: _retained(view(self, request, *args, **kwargs), self),
        )
        if is_replayed:
            self.replayed = orjson.loads(answer.body) if answer.body else None
            self.check_replay()
        return _response(answer, is_replayed)

    once.is_idempotent = True  # type: ignore[attr-defined]
    return once


def parse_key(sent: str) -> str:
    if quoted := QUOTED.fullmatch(sent):
        return re.sub(r"\\(.)", r"\1", quoted[1])
    if BARE.fullmatch(sent):
        return sent
    raise Invalid({HEADER: [NOT_A_KEY]})


def _retained(response: Response, view: ApiViewSet) -> Answer:
    body = "" if response.data is None else dumps(response.data).decode()
    shown = orjson.loads(body) if body else {}
    etag = response.headers.get("ETag", "")
    about = shown.get("user_id") or view.hidden_account
    people = {*people_in(shown), *([] if about is None else [about])}
    return Answer(response.status_code, body, etag, about, people)


def people_in(value: Any) -> Iterator[int]:
    """Yield the ids of the accounts that a body names, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from people_in(item)
    elif isinstance(value, dict):
        yield from (value[key] for key in ("user_id", "organizer_id") if value.get(key) is not None)
        yield from people_in(list(value.values()))


def _response(answer: Answer, is_replayed: bool) -> Response:
    headers = {"ETag": answer.etag} if answer.etag else {}
    if is_replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(orjson.Fragment(answer.body) if answer.body else None, status=answer.status, headers=headers)
