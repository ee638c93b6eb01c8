"""Bulk actions on all rows of a filter: asked once, then run in pieces that a signed list of ids names.

The ids are needed because an action can move rows out of the filter. The pieces are needed because thousands of rows
take minutes, and gunicorn stops a request after one. Nothing is stored on the server. If the page is closed, finished
rows stay changed and the others stay as they were.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from eventhub.admin.changelist import COUNTED

ROWS = "rows"  # the field with the signed list
CONFIRMED = "confirmed"
REASON = "reason"  # that the confirmation page asked for
AT_ONCE = 100  # rows in a request
SECONDS = 60 * 60  # for a confirmation, and for each piece
SALT = "eventhub.admin.bulk"
MAX_NAMED = 50  # on a confirmation page
FIRST_OF_ALL = 10  # there, of rows that nobody has ticked one by one
TOO_MANY = f"More than {COUNTED:,} rows are too many at once. Narrow the list and try again."
NOT_FOR_THESE = "“{}” applies to nothing in this list."
EXPIRED = "This page has expired, and nothing more was changed. Start again from the list."

Tallies = dict[str, tuple[int, list[str]]]


class Run(NamedTuple):
    """A confirmed action: the ids that are left, the number of rows that are done, and their results."""

    action: str
    ids: list[int]
    done: int = 0
    tallies: Tallies = {}

    @property
    def piece(self) -> list[int]:
        return self.ids[:AT_ONCE]

    @property
    def rest(self) -> list[int]:
        return self.ids[AT_ONCE:]

    @property
    def total(self) -> int:
        return self.done + len(self.ids)

    def after_piece(self, tallies: Tallies) -> "Run":
        return Run(self.action, self.rest, self.done + len(self.piece), tallies)


def wants_all(request: HttpRequest) -> bool:
    return request.POST.get("select_across") == "1"


def run_of(request: HttpRequest) -> Run | None:
    return getattr(request, "bulk_run", None)


def read_run(request: HttpRequest, opts: Any) -> Run | None:
    """Return what the page carries, or None if it has expired or is another's."""
    try:
        user_id, label, *run = signing.loads(request.POST[ROWS], salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return None
    return Run(*run) if (user_id, label) == (request.user.pk, opts.label_lower) else None


def hidden_fields(request: HttpRequest, opts: Any, run: Run) -> list[tuple[str, str]]:
    """Return the fields of a form that runs the action on these rows: their ids, or signed if all were wanted."""
    if wants_all(request) or run_of(request):
        signed = signing.dumps([request.user.pk, opts.label_lower, *run], salt=SALT, compress=True)
        named = [(ROWS, signed)]
    else:
        named = [(ACTION_CHECKBOX_NAME, str(pk)) for pk in run.ids]
    if run_of(request) and request.POST.get(REASON):
        named.append((REASON, request.POST[REASON]))
    return [("action", run.action), *named, (CONFIRMED, "yes")]


def confirmation(
    model_admin: Any, request: HttpRequest, *, rows: Sequence[str], selected: int, **context: Any
) -> HttpResponse:
    named = rows[: FIRST_OF_ALL if wants_all(request) else MAX_NAMED]
    context |= {"rows": named, "more": len(rows) > len(named) and f"{len(rows) - len(named):,}"}
    if selected > len(rows):
        context["left_out"] = f"The action applies to {len(rows):,} of the {selected:,} selected."
    return page(model_admin, request, "eventhub/admin/confirm_rows.html", context)


def page(model_admin: Any, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    common = {**model_admin.admin_site.each_context(request), "opts": model_admin.opts}
    return TemplateResponse(request, template, {**common, **context})
