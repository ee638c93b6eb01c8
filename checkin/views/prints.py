"""Badges and name lists as PDF files."""

from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from checkin import print_files
from checkin.badges import layout_of
from checkin.print_serializers import BadgesQuery, NamesQuery, PeopleQuery, SeveralField
from checkin.selectors.people import part_for_a_file, people_of, without_current_badge
from eventhub.api.files import FileKind, FileMixin
from eventhub.exceptions import EventNotFound, Forbidden, Invalid, NotInstalled, TooManyForAFile
from events.models import Event

PDF = "application/pdf"
REFUSALS = (
    Invalid({"format": ["Choose one of a4-2x4, a4-2x5."]}),
    Forbidden(),
    EventNotFound(),
    TooManyForAFile(people=1234, parts=3),
    NotInstalled(),
)


class PrintViewSet(FileMixin):
    resource = "event"
    files: ClassVar = {
        "badges": FileKind(PDF, "(sheets of badges)", is_binary=True),
        "names": FileKind(PDF, "(a list to print)", is_binary=True),
    }
    error_responses: ClassVar = {"badges": REFUSALS, "names": REFUSALS}

    @extend_schema(parameters=[BadgesQuery])
    @action(detail=True, url_path="badges.pdf")
    def badges(self, request: Request, pk: int) -> HttpResponse:
        """Badges of the attendees, to print.

        Long names get smaller letters. A file has at most 500 people; of more, ask for one `part` after the other.
        If the server has no font for some letters, a question mark stands for each, and a page in front says so; the
        same pages in the back office use the fonts of the browser.
        """
        event = self.get_object()
        query: Any = self._read(BadgesQuery)
        chosen = query.validated_data
        people = people_of(event, statuses=chosen["status"], since=chosen.get("since"))
        if chosen["new"]:
            people = without_current_badge(people)
        part = part_for_a_file(people, number=chosen.get("part"))
        content = print_files.badges_pdf(
            event,
            part.people,
            paper=query.paper,
            layout=layout_of(query.paper, chosen["show"]),
            has_lines=chosen["lines"],
        )
        return self._file(content, f"badges-{event.pk}.pdf")

    @extend_schema(parameters=[NamesQuery])
    @action(detail=True, url_path="names.pdf")
    def names(self, request: Request, pk: int) -> HttpResponse:
        """The attendees by name, with boxes to tick, to print.

        A file has at most 500 people; of more, ask for one `part` after the other. If the server has no font for some
        letters, a question mark stands for each, and a page in front says so; the same pages in the back office use
        the fonts of the browser.
        """
        event = self.get_object()
        chosen = self._read(NamesQuery).validated_data
        people = people_of(event, statuses=chosen["status"], since=chosen.get("since"))
        part = part_for_a_file(people, number=chosen.get("part"))
        content = print_files.names_pdf(event, part.people, columns=chosen["show"], has_pages=chosen["letters"])
        return self._file(content, f"names-{event.pk}.pdf")

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        return event

    def _read(self, kind: type[PeopleQuery]) -> PeopleQuery:
        query = kind(data=self.request.query_params)
        problems = {}
        for name, values in self.request.query_params.lists():
            if name not in query.fields:
                problems[name] = [f"Unknown parameter. Choose one of {', '.join(sorted(query.fields))}."]
            elif len(values) > 1 and not isinstance(query.fields[name], SeveralField):
                problems[name] = ["Give this parameter only once."]
        if problems:
            raise Invalid(problems)
        query.is_valid(raise_exception=True)
        return query

    def _file(self, content: bytes, name: str) -> HttpResponse:
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(content, content_type=PDF, headers=headers)
