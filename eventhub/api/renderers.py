"""JSON out (RFC 8259)."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


def dumps(value: Any) -> bytes:
    """Encode as JSON. UTC times end in `Z`, and texts that are translated lazily become plain texts."""
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z)


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else dumps(data)
