from typing import NamedTuple

from accounts.models import User
from events.models import Event
from notifications.models import OptOut, OptOutScope
from notifications.services.preferences import Unwanted

HIDDEN_EVENT = "An event that is not public"


class NamedOptOut(NamedTuple):
    """Messages of one organizer or about one event that somebody turned off."""

    pk: int
    kind: str
    name: str
    unwanted: Unwanted


def named_opt_outs(user: User) -> list[NamedOptOut]:
    """Return what the person turned off one by one, by name. The title of an event that they cannot see is hidden."""
    scopes = (OptOutScope.ORGANIZER, OptOutScope.EVENT)
    rows = OptOut.objects.filter(user=user, scope__in=scopes).select_related("organizer__profile")
    titles = dict(Event.objects.visible_to(user).filter(pk__in=rows.values("event")).values_list("pk", "title"))
    named = []
    for row in rows:
        if row.organizer is None:
            kind, name = "Event", titles.get(row.event_id, HIDDEN_EVENT)
        else:
            kind, name = "Organizer", row.organizer.public_profile.public_name
        named.append(NamedOptOut(row.pk, kind, name, Unwanted(row.scope, row.organizer_id, row.event_id)))
    return sorted(named, key=lambda each: (each.kind != "Organizer", each.name.casefold(), each.pk))
