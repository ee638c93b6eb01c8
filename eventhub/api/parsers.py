"""JSON in and out (RFC 8259: UTF-8, no lone surrogates, no NaN), with bounds on size and depth."""

import functools
from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.serializer_helpers import BindingDict

from eventhub.exceptions import TooLarge

MAX_DEPTH = 32


def dumps(value: Any) -> bytes:
    """`value` as JSON: times of UTC end in `Z`, and texts that are translated late become plain texts."""
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z)


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else dumps(data)


class JSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body's value; ParseError where it is no JSON, TooLarge past MAX_BODY_BYTES."""
        raw = stream.read(settings.MAX_BODY_BYTES + 1)
        if len(raw) > settings.MAX_BODY_BYTES:
            raise TooLarge()
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as problem:
            raise ParseError(f"JSON parse error - {problem}") from None
        # Counting brackets is cheap and settles it for every body that people send.
        if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
            raise ParseError(f"JSON parse error - nested more than {MAX_DEPTH} deep")
        return value


class Body(serializers.Serializer[Any]):
    """The shape of a body on its way in. Its fields are made once, and not, as DRF does, for every body."""

    @cached_property
    def fields(self) -> BindingDict:
        return _fields(type(self), self.partial)


@functools.cache
def _fields(shape: type[Body], partial: bool) -> BindingDict:
    return super(Body, shape(partial=partial)).fields


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth + 1):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True
