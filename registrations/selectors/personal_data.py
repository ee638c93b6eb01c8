"""Export all personal data of an account as one JSON document.

A section has every column of a table except secrets. A test fails for a table or a reference to accounts that is
neither in a section nor in EXCLUDED.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import IO, Any

from django.contrib.admin.models import LogEntry
from django.db.models import Case, F, Model, Q, When
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.models import OrganizerProfile, Role, ServiceToken, StoredAnswer, User
from accounts.services.deletion import iter_sessions
from accounts.services.second_factor import recovery_codes_left
from eventhub.api.renderers import dumps
from eventhub.db.batches import by_key, by_range
from eventhub.db.json_rows import among
from eventhub.observability.security_log import Occasion, note
from events.models import Event, EventStatus, Interest, Membership, Series, TeamInvitation, Visibility
from registrations.models import (
    LIVE,
    AnswerChange,
    Answers,
    CalendarFeed,
    GuestRequest,
    Question,
    Registration,
    Removal,
    Transition,
)
from registrations.services.answer_texts import answer_text

MAX_IN_MEMORY = 1024 * 1024  # bytes; a longer document is a file


@dataclass(frozen=True)
class Section:
    """A table. `by`: columns that refer to the account; `key`: exported name of the primary key; `extra`: values of
    other tables by exported name; `is_indexed`: whether an index finds the account's rows, or all rows are read."""

    name: str
    model: type[Model]
    by: tuple[str, ...]
    key: str = "id"
    secret: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    is_single: bool = False
    is_indexed: bool = True

    def columns(self) -> dict[str, str]:
        shown = [each for each in self.model._meta.concrete_fields if each.name not in self.secret]
        named = {self.key if each.attname == "id" else each.attname: each.attname for each in shown}
        return named | {name: name for name in self.extra}

    def rows(self, account_id: int) -> Iterator[dict[str, Any]]:
        theirs = Q(*(_names(column, account_id) for column in self.by), _connector=Q.OR)
        found = self.model._base_manager.filter(theirs).annotate(**self.extra)
        columns = self.columns().items()
        for row in by_key(found) if self.is_indexed else chain.from_iterable(by_range(found)):
            yield {name: getattr(row, attribute) for name, attribute in columns}


class AnswersSection(Section):
    """Answers as they are stored, and in words."""

    def rows(self, account_id: int) -> Iterator[dict[str, Any]]:
        for row in super().rows(account_id):
            questions = Question.objects.filter(pk__in=among([int(key) for key in row["answers"]], "bigint"))
            in_words = {each.text: answer_text(each, row["answers"][str(each.pk)]) for each in questions}
            yield {**row, "in_words": in_words}


def _names(column: str, account_id: int) -> tuple[str, Any]:
    if column == "email__in":
        return column, User.objects.filter(pk=account_id).values("email")
    return column, f",{account_id}," if column == "people__contains" else account_id


def _unless_hidden(path: str) -> Case:
    """Return a value of the event, or null where the person may not see it (events/models/visibility.py)."""
    is_hidden = Q(event__status=EventStatus.DRAFT) | Q(event__visibility=Visibility.PRIVATE) & ~Q(status__in=LIVE)
    hidden = is_hidden & ~Q(event__organizer=F("user")) & ~Q(user__role=Role.ADMIN)
    return Case(When(~hidden, then=F(path)))


_EVENT = {"event_title": _unless_hidden("event__title"), "event_date_time": _unless_hidden("event__date_time")}

# Apps above this one append theirs.
SECTIONS = [
    Section("account", User, ("pk",), "user_id", secret=("password",), is_single=True),
    Section("organizer_profile", OrganizerProfile, ("user",), is_single=True),
    Section("registrations", Registration, ("user",), "attendee_id", extra=_EVENT),
    Section("interests", Interest, ("user",)),
    AnswersSection("answers", Answers, ("registration__user",)),
    Section("answers_log", AnswerChange, ("registration__user",)),
    Section("registrations_log", Transition, ("registration__user",)),
    Section("removed_registrations", Removal, ("user",)),
    # Made without the account, for its address.
    Section("guest_requests", GuestRequest, ("email__in",), secret=("digest",), is_indexed=False),
    Section("memberships", Membership, ("user",), "member_id"),
    Section("team_invitations", TeamInvitation, ("email__in",), "invitation_id", secret=("digest",), is_indexed=False),
    Section("events", Event, ("organizer",), "event_id"),
    Section("series", Series, ("organizer",), "series_id"),
    Section("events_log", Event.history.model, ("organizer", "history_user_id"), "event_id", is_indexed=False),
    # Their changes of registrations, also of others, whose ids it gives but no personal data.
    Section("deeds", Transition, ("by",), secret=("reason",), is_indexed=False),
    Section("back_office_journal", LogEntry, ("user",)),
    Section("service_tokens", ServiceToken, ("user",), "token_id", secret=("digest", "bond")),
    Section("calendar_feeds", CalendarFeed, ("user",), "feed_id", secret=("digest", "bond")),
    Section(
        "sign_ins",
        OutstandingToken,
        ("user",),
        secret=("token", "jti"),
        extra={"ended_at": F("blacklistedtoken__blacklisted_at")},
    ),
    Section("kept_answers", StoredAnswer, ("about", "people__contains"), secret=("key", "fingerprint", "people")),
    Section("authenticators", TOTPDevice, ("user",), secret=("key",)),
    Section("recovery_codes", StaticDevice, ("user",)),
]

# Other tables and columns, and why they are not exported.
EXCLUDED = {
    "registrations_registration.status_by_id": "the last line of its log says it; those of others are among the deeds",
    "accounts_storedanswer.user_id": "what was answered to them within a day; what is in it of them, the sections say",
    "events_membership.added_by_id": "who let others into a team; the security log has it for a while",
    "events_teaminvitation.invited_by_id": "addresses of others, gone within days",
    "registrations_answerchange.by_id": "whose answers they changed would be personal data of others",
    "registrations_removal.by_id": "who deleted a registration of somebody else's; forgotten after 90 days",
    "events_eventchange": "former titles, times and places of events; names nobody",
    "django_session": "`back_office_sessions`: they are found by reading them all",
    "otp_static_statictoken": "secrets; `recovery_codes_left` says how many",
    "token_blacklist_blacklistedtoken": "`ended_at` of a sign-in",
    "django_tasks_database_dbtaskresult": "what is being done, such as a mail to them; forgotten soon after it is done",
    "eventhub_cache": "how often something was tried lately, under digests of names, for minutes",
    "registrations_counting": "a mark of the triggers, empty between two statements",
    **dict.fromkeys(
        ("events_tag", "events_eventtag", "events_eventslug", "events_seriesdate", "registrations_question"),
        "about events; names nobody",
    ),
    **dict.fromkeys(
        ("auth_group", "auth_group_permissions", "auth_permission", "django_content_type", "django_migrations"),
        "Django's own, about nobody",
    ),
}


def write_export(*, account: User, now: datetime | None = None) -> IO[bytes]:
    now = now or timezone.now()
    file = tempfile.SpooledTemporaryFile(MAX_IN_MEMORY)  # noqa: SIM115  (the caller closes it)
    try:
        file.writelines(_document(account, now))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    note(Occasion.DATA_EXPORTED, user_id=account.pk, by=account.pk)
    return file


def _document(account: User, now: datetime) -> Iterator[bytes]:
    yield b'{"exported_at":' + dumps(now)
    for section in SECTIONS:
        yield b"," + dumps(section.name) + b":"
        rows = section.rows(account.pk)
        yield from [dumps(next(rows, None))] if section.is_single else _listed(rows)
    yield b',"recovery_codes_left":' + dumps(recovery_codes_left(account))
    yield b',"back_office_sessions":'
    yield from _listed({"expires_at": session.expire_date} for session in iter_sessions(account.pk))
    yield b"}"


def _listed(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    yield b"["
    for place, row in enumerate(rows):
        yield b"," * (place > 0) + dumps(row)
    yield b"]"
