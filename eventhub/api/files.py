"""Actions that answer with a file. Their errors are JSON, as everywhere."""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from eventhub.api.renderers import JSONRenderer
from eventhub.api.viewsets import ApiViewSet


class FileKind(NamedTuple):
    media_type: str
    example: str
    is_binary: bool = False


class FileRenderer(BaseRenderer):
    """What a client may ask for; the view itself writes the file."""

    def __init__(self, media_type: str) -> None:
        self.media_type, self.format = media_type, media_type.rpartition("/")[2]


class FileMixin(ApiViewSet):
    files: ClassVar[Mapping[str, FileKind]]  # by action

    @property
    def file(self) -> FileKind | None:
        return self.files.get(str(self.action))

    def get_renderers(self) -> list[Any]:
        return [JSONRenderer(), *([FileRenderer(self.file.media_type)] if self.file else [])]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        super().perform_content_negotiation(request, force)
        return JSONRenderer(), JSONRenderer.media_type
