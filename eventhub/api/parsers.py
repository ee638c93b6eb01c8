"""JSON in (RFC 8259: UTF-8, no lone surrogates, no NaN), with bounds on size and depth."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from eventhub.exceptions import TooLarge

MAX_DEPTH = 32


class JSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the body's value. ParseError for invalid JSON, TooLarge above MAX_BODY_BYTES."""
        raw = stream.read(settings.MAX_BODY_BYTES + 1)
        if len(raw) > settings.MAX_BODY_BYTES:
            raise TooLarge()
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as problem:
            raise ParseError(f"JSON parse error - {problem}") from None
        # Counting brackets is cheap, and enough for almost every body.
        if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _is_deeper(value, MAX_DEPTH):
            raise ParseError(f"JSON parse error - nested more than {MAX_DEPTH} deep")
        return value


def _is_deeper(value: Any, depth: int) -> bool:
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
