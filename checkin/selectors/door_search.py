from typing import NamedTuple

from checkin.models import Presence
from eventhub.api.filters import MAX_SEARCH_LENGTH, found_in
from eventhub.text_fields import search_words
from events.models import Event
from registrations.models import TEXTS, Registration, RegistrationStatus

MOST_FOUND = 30


class PersonAtDoor(NamedTuple):
    """A person found by name. `inside` and `entries` are of the entrance."""

    attendee_id: int
    name: str
    status: str
    inside: bool
    entries: int


class FoundPeople(NamedTuple):
    items: list[PersonAtDoor]
    is_cut: bool  # there are more


def find_people(event: Event, text: str) -> FoundPeople:
    """Find registrations of any status by name, contact details or phone, in two statements.

    Accounts are not searched: helpers at the door need not know about them.
    """
    words = search_words(text[:MAX_SEARCH_LENGTH])
    if not words:
        return FoundPeople([], is_cut=False)
    rows = Registration.objects.filter(*(found_in(word, TEXTS) for word in words), event=event)
    found = list(rows.order_by("name", "pk").values_list("pk", "name", "status")[: MOST_FOUND + 1])
    at_entrance = Presence.objects.filter(checkpoint__event=event, checkpoint__is_entrance=True)
    noted = at_entrance.filter(registration__in=[pk for pk, _, _ in found])
    presences = {
        pk: (inside, entries) for pk, inside, entries in noted.values_list("registration_id", "inside", "entries")
    }
    people = []
    for pk, name, status in found[:MOST_FOUND]:
        came_otherwise = status == RegistrationStatus.ATTENDED  # such as by an import
        people.append(PersonAtDoor(pk, name, status, *presences.get(pk, (came_otherwise, int(came_otherwise)))))
    return FoundPeople(people, is_cut=len(found) > MOST_FOUND)
