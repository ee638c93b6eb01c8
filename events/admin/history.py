from collections.abc import Iterable
from datetime import datetime
from itertools import zip_longest
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.template.loader import render_to_string

from accounts.models import Role, User
from eventhub.admin.field_values import in_words, label_of
from eventhub.api.fields import could_be_id
from eventhub.audit import Channel
from eventhub.datetimes import zone_named
from events.models import Event

PAGE_SIZE = 20
_KINDS = {"+": "Created", "~": "Changed", "-": "Deleted"}
# Leaves out what nobody can change. The organizer is shown by name.
_FIELDS = [field for field in Event.history.model.tracked_fields if field.name not in {"id", "created_at", "organizer"}]
_CHANNELS = {Channel.ADMIN.value: "Back office"}
# As in the form.
_LABELS = {"waitlist": "Waiting list", "visibility": "Who sees it", "slug": "Address of its page"}
_DELETED, _ADMIN, _SOMEONE = "a deleted account", "an admin", "someone else"


class FieldChange(NamedTuple):
    label: str
    was: str
    becomes: str


class EventHistoryEntry(NamedTuple):
    pk: int
    at: datetime
    who: str
    through: str
    kind: str
    fields: list[FieldChange]
    note: str  # about a change beside the fields


class HistoryPage(NamedTuple):
    """Changes, the latest first. `older` is the `before` of the next page."""

    changes: list[EventHistoryEntry]
    older: int | None


def read_history(*, event_id: int, reader: User, before: int | None = None, size: int = PAGE_SIZE) -> HistoryPage:
    """Return a page, in two queries.

    Admins see usernames. Organizers see their own, and of others only whether it was an admin.
    """
    lines = Event.history.filter(id=event_id).order_by("-history_id")
    if before is not None:
        lines = lines.filter(history_id__lt=before)
    # One extra row shows whether there are more, and what the last change on the page was.
    rows = list(lines[: size + 1])
    names = _names(rows, reader)
    changes = [_change(row, older, names) for row, older in zip_longest(rows, rows[1:])]
    return HistoryPage(changes[:size], rows[size - 1].history_id if len(rows) > size else None)


def _change(row: Any, older: Any | None, names: dict[int, str]) -> EventHistoryEntry:
    fields = [] if older is None or row.history_type == "+" else [*_differences(row, older, names)]
    return EventHistoryEntry(
        pk=row.history_id,
        at=row.history_date,
        who=_name(names, row.history_user_id),
        through=_CHANNELS.get(row.through) or Channel(row.through).label,
        kind=_KINDS[row.history_type],
        fields=fields,
        note=row.history_change_reason or "",
    )


def _differences(row: Any, older: Any, names: dict[int, str]) -> Iterable[FieldChange]:
    older_zone, zone = zone_named(older.time_zone), zone_named(row.time_zone)
    for field in _FIELDS:
        was, becomes = getattr(older, field.attname), getattr(row, field.attname)
        if was != becomes:
            if field.name == "online_url":  # not everybody who reads the history may see it
                was, becomes = (value and "a link" for value in (was, becomes))
            yield FieldChange(
                _LABELS.get(field.name) or label_of(field),
                in_words(field, was, older_zone),
                in_words(field, becomes, zone),
            )
    if row.organizer_id != older.organizer_id:
        yield FieldChange("Organizer", _name(names, older.organizer_id), _name(names, row.organizer_id))


def _name(names: dict[int, str], user_id: int | None) -> str:
    return "" if user_id is None else names.get(user_id, _DELETED)


def _names(rows: Iterable[Any], reader: User) -> dict[int, str]:
    ids = {pk for row in rows for pk in (row.history_user_id, row.organizer_id) if pk is not None}
    accounts = User.objects.filter(pk__in=ids).values_list("pk", "username", "role")
    return {pk: _visible_name(pk, username, role, reader) for pk, username, role in accounts}


def _visible_name(pk: int, username: str, role: str, reader: User) -> str:
    if reader.is_admin or pk == reader.pk:
        return username
    return _ADMIN if role == Role.ADMIN else _SOMEONE


class HistoryTab:
    tab = True
    title = "History"
    id = "HistoryTab"
    model = Event.history.model
    model_name = "history"

    def __init__(self, request: HttpRequest, extra_context: dict[str, Any]) -> None:
        self.request = request
        self.event_id = int(extra_context["object"])

    @property
    def contents(self) -> str:
        page = read_history(event_id=self.event_id, reader=self.request.user)  # type: ignore[arg-type]
        context = {"page": page, "event_id": self.event_id, "is_tab": True}
        return render_to_string("events/admin/history_tab.html", context, request=self.request)


def requested_page(request: HttpRequest, event: Event) -> HistoryPage:
    before = request.GET.get("before", "")
    return read_history(
        event_id=event.pk,
        reader=request.user,  # type: ignore[arg-type]
        before=int(before) if could_be_id(before) else None,
    )
