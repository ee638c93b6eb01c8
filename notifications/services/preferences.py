"""Which mails people do not want.

A person can turn off what organizers write to many, in one of three scopes, and reminders. Nobody can turn off what
must be told: a seat, a place on the waiting list, a cancellation, a change of the event, and links to the account.
Organizers choose summaries of their own events (`digest`). A link in them turns off these alone.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Digest, OrganizerProfile, Role, User
from accounts.services.accounts import lock_account
from eventhub.api.etags import UNCONDITIONAL, Precondition, edition_of
from eventhub.db.retry import retried
from eventhub.exceptions import Invalid
from events.models import Event
from notifications import tokens
from notifications.models import OptOut, OptOutScope

# Stored as opt-outs, and shown as `notices` and `digest`.
SWITCHES = (OptOutScope.REMINDERS, OptOutScope.DIGESTS)


class Notices(models.TextChoices):
    ALL = "all", "All"
    ESSENTIAL = "essential", "All but reminders"


class Unwanted(NamedTuple):
    """Messages that somebody turned off, as `OptOut` stores them."""

    scope: str
    organizer_id: int | None = None
    event_id: int | None = None


class Preferences(NamedTuple):
    """`digest` is None for people who have no events of their own to be told about. `language` may be empty."""

    user_id: int
    notices: str
    opt_outs: list[Unwanted]
    digest: str | None
    language: str

    @property
    def edition(self) -> str:
        return edition_of(self)


def preferences_of(user: User) -> Preferences:
    rows = OptOut.objects.filter(user=user).order_by("scope", "organizer", "event")
    found = [Unwanted(*row) for row in rows.values_list("scope", "organizer_id", "event_id")]
    notices = Notices.ESSENTIAL if Unwanted(OptOutScope.REMINDERS) in found else Notices.ALL
    is_stopped = Unwanted(OptOutScope.DIGESTS) in found
    opt_outs = [each for each in found if each.scope not in SWITCHES]
    return Preferences(user.pk, notices, opt_outs, _digest_of(user, is_stopped=is_stopped), user.language)


def _digest_of(user: User, *, is_stopped: bool) -> str | None:
    if not user.is_organizer:
        return None
    chosen = OrganizerProfile.objects.filter(user=user).values_list("digest", flat=True).first()
    return Digest.NONE.value if is_stopped or chosen is None else chosen


@retried
def save_preferences(
    *,
    user: User,
    notices: str | None = None,
    opt_outs: Collection[Unwanted] | None = None,
    digest: str | None = None,
    language: str | None = None,
    condition: Precondition = UNCONDITIONAL,
) -> Preferences:
    """Set what is not None; `opt_outs` replaces all.

    Raise Invalid where they name what the person cannot see, and for a digest of who is no organizer.
    """
    with transaction.atomic():
        user = lock_account(user.pk)
        present = preferences_of(user)
        if digest is not None and present.digest is None:
            raise Invalid({"digest": ["Only organizers get summaries of their events."]})
        wanted = set(present.opt_outs if opt_outs is None else opt_outs)
        _require_visible(wanted.difference(present.opt_outs), user)
        condition.require(present)
        held = OptOut.objects.filter(user=user).exclude(scope__in=SWITCHES)
        gone = [row.pk for row in held if Unwanted(row.scope, row.organizer_id, row.event_id) not in wanted]
        held.filter(pk__in=gone).delete()
        rows = [OptOut(user=user, **each._asdict()) for each in wanted.difference(present.opt_outs)]
        OptOut.objects.bulk_create(rows, ignore_conflicts=True)
        if notices is not None:
            switch = opt_out if notices == Notices.ESSENTIAL else opt_in
            switch(user.pk, OptOutScope.REMINDERS)
        if digest is not None:
            _choose_digest(user, digest, present.digest)
        if language is not None:
            user.language = language
            User.objects.filter(pk=user.pk).update(language=language)
        return preferences_of(user)


def _choose_digest(user: User, digest: str, present: str | None) -> None:
    """A first summary begins now; another interval goes on where the last one ended."""
    opt_in(user.pk, OptOutScope.DIGESTS)
    user.ensure_profile()
    values: dict[str, Any] = {"digest": digest}
    if digest == Digest.NONE:
        values["digest_until"] = None
    elif present == Digest.NONE:
        values["digest_until"] = timezone.now()
    OrganizerProfile.objects.filter(user=user).update(**values)


def _require_visible(added: Collection[Unwanted], user: User) -> None:
    organizers = {each.organizer_id for each in added if each.organizer_id is not None}
    events = {each.event_id for each in added if each.event_id is not None}
    known = User.objects.filter(pk__in=organizers, role__in=(Role.ORGANIZER, Role.ADMIN))
    seen = Event.objects.visible_to(user).filter(pk__in=events).order_by()
    problems = [
        f"{name} {pk} not found."
        for name, named, rows in (("Organizer", organizers, known), ("Event", events, seen))
        for pk in sorted(named - set(rows.values_list("pk", flat=True)))
    ]
    if problems:
        raise Invalid({"opt_outs": problems})


def opted_out(user_ids: Collection[int] | QuerySet[Any, Any], event: Event | None = None) -> set[int]:
    """Return which of these people want no messages about the event, or no summaries where it is None."""
    unwanted = Q(scope=OptOutScope.DIGESTS)
    if event is not None:
        unwanted = Q(scope=OptOutScope.EVERYTHING) | Q(organizer=event.organizer_id) | Q(event=event)
    return set(OptOut.objects.filter(unwanted, user__in=user_ids).values_list("user_id", flat=True))


def wants_digest(user_id: int) -> bool:
    chosen = OrganizerProfile.objects.filter(user=user_id).exclude(digest=Digest.NONE)
    return chosen.exists() and not opted_out([user_id])


def wants_reminders(user_id: int) -> bool:
    return not OptOut.objects.filter(user=user_id, scope=OptOutScope.REMINDERS).exists()


def opt_out(user_id: int, scope: str, organizer_id: int | None = None, event_id: int | None = None) -> None:
    """Turn off mails of that scope, which names an organizer, an event or neither. Again changes nothing."""
    row = OptOut(user_id=user_id, scope=scope, **_named(scope, organizer_id, event_id))
    OptOut.objects.bulk_create([row], ignore_conflicts=True)


def opt_in(user_id: int, scope: str, organizer_id: int | None = None, event_id: int | None = None) -> None:
    OptOut.objects.filter(user=user_id, scope=scope, **_named(scope, organizer_id, event_id)).delete()


def scopes_off(user_id: int, *, organizer_id: int | None, event_id: int | None) -> set[str]:
    """Return the scopes that are off, of those that this organizer and this event make."""
    of_both = Q(organizer=None) | Q(organizer=organizer_id), Q(event=None) | Q(event=event_id)
    return set(OptOut.objects.filter(*of_both, user=user_id).values_list("scope", flat=True))


def unsubscribe_headers(
    user: User, event: Event | None = None, *, scope: str = OptOutScope.ORGANIZER
) -> dict[str, str]:
    """Return the headers by which mail programs unsubscribe with one click (RFC 8058)."""
    link = unsubscribe_link(user, event, scope=scope)
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def unsubscribe_link(user: User, event: Event | None = None, *, scope: str = OptOutScope.ORGANIZER) -> str:
    """Return the link for the footer of a mail. One click turns off `scope`; its page offers the others."""
    return tokens.make_unsubscribe_link(tokens.subscription_of(user, event, scope=scope))


def _named(scope: str, organizer_id: int | None, event_id: int | None) -> dict[str, int | None]:
    return {
        "organizer_id": organizer_id if scope == OptOutScope.ORGANIZER else None,
        "event_id": event_id if scope == OptOutScope.EVENT else None,
    }
