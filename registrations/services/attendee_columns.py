"""Find the columns of a list of people by their headers.

The names are those of exports of Eventbrite, Luma, Meetup, pretix, Hi.Events, Indico and Google Forms, in English and
German.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from eventhub.spreadsheets.cells import restored
from eventhub.spreadsheets.sheets import FileError

LABELS = {
    "email": "Email address",
    "name": "Full name",
    "first_name": "First name",
    "last_name": "Last name",
    "phone": "Phone",
    "contact_details": "Contact details",
    "status": "Status",
    "quantity": "Number of tickets",
    "guests": "Number of additional guests",
}
FIELDS = tuple(LABELS)
MAX_SHOWN = 500

# Headers as `_words` reads them, the best first.
HEADERS: Mapping[str, Sequence[str]] = {
    "email": (
        *("email", "email address", "email adresse", "emailadresse", "mail", "mail address", "mail adresse"),
        *("mailadresse", "primary email", "primary email address", "email id", "email 1 value", "contact email"),
    ),
    "name": (
        *("full name", "vollständiger name", "first and last name", "vor und nachname", "vorname und nachname"),
        *("vorname nachname", "name", "display name", "anzeigename", "attendee", "guest", "participant"),
        *("teilnehmername", "teilnehmer", "teilnehmerin", "gast", "person"),
    ),
    "first_name": (
        *("first name", "firstname", "given name", "forename", "vorname", "name given name", "name first name"),
        *("name vorname", "teilnehmername vorname"),
    ),
    "last_name": (
        *("last name", "lastname", "surname", "family name", "nachname", "familienname", "zuname", "name family name"),
        *("name last name", "name nachname", "teilnehmername nachname"),
    ),
    "phone": (
        *("phone", "phone number", "telephone", "telephone number", "mobile", "mobile number", "mobile phone"),
        *("mobile phone number", "cell", "cell phone", "cell phone number", "tel", "telefon", "telefonnummer"),
        *("handy", "handynummer", "mobil", "mobilnummer", "mobiltelefon", "mobiltelefonnummer", "rufnummer"),
        *("contact number", "kontaktnummer", "phone 1 value", "home phone", "work phone", "business phone"),
    ),
    "contact_details": ("contact details", "contact", "contact info", "contact information", "kontaktdaten", "kontakt"),
    "status": (
        *("status", "registration status", "registration state", "rsvp", "rsvp status", "approval status"),
        *("ticket status", "response", "response status", "attendance status", "anmeldestatus", "teilnahmestatus"),
        *("teilnehmerstatus", "buchungsstatus", "ticketstatus", "rückmeldung", "teilnahme", "zusage", "going"),
        *("attending", "coming", "order status", "bestellstatus", "payment status", "zahlungsstatus"),
        *("will you attend", "will you be attending", "will you come", "can you attend", "can you make it"),
        *("are you attending", "are you coming", "are you going", "nehmen sie teil", "nimmst du teil"),
        *("kommen sie", "kommst du"),
    ),
    "quantity": (
        *("quantity", "qty", "ticket quantity", "tickets", "number tickets", "ticket count", "seats", "number seats"),
        *("people", "persons", "number people", "number persons", "number attendees", "number participants"),
        *("headcount", "party size", "anzahl", "menge", "anzahl tickets", "anzahl karten", "anzahl plätze"),
        *("anzahl personen", "ticketanzahl", "personenzahl", "plätze"),
    ),
    "guests": (
        *("guests", "additional guests", "number guests", "guest count", "plus ones", "plus one"),
        *("gäste", "anzahl gäste", "weitere personen", "begleitpersonen", "anzahl begleitpersonen", "begleitung"),
    ),
}
# Words of a header that say whom it is about. Such a column is better than one that may be about who has ordered.
_PEOPLE = {
    *("attendee", "attendees", "guest", "participant", "participants", "invitee", "registrant"),
    *("teilnehmer", "teilnehmers", "teilnehmerin", "teilnehmenden", "teilnehmende", "gast", "gastes", "person"),
}
# Words of a header that say nothing: "What is your email address?", "Name of the attendee", "Teilnehmer:in".
_FILLING = {
    *("a", "the", "your", "my", "what", "is", "s", "of", "please", "enter", "der", "die", "das", "des", "dein"),
    *("deine", "deiner", "ihr", "ihre", "ihrer", "wie", "lautet", "ist", "bitte", "in", "innen", "angeben"),
}


class Columns(NamedTuple):
    """The header of a list, and the position of each field's column; `problem` is empty where both fit."""

    header: Sequence[str]
    positions: Mapping[str, int]
    problem: str = ""

    @property
    def used(self) -> list[tuple[str, str]]:
        """Each field that has a column, with its header."""
        return [(field, self.header[self.positions[field]]) for field in FIELDS if field in self.positions]

    @property
    def unused(self) -> list[str]:
        taken = set(self.positions.values())
        return [name for place, name in enumerate(self.header) if name and place not in taken]


def find_columns(header: Sequence[str], chosen: Mapping[str, str]) -> Columns:
    """Find each field's column: the one that `chosen` names, none if that is empty, else by HEADERS.

    Raise FileError if a chosen column is not there.
    """
    names = [restored(name) for name in header]
    positions = {field: _position(names, field, name) for field, name in chosen.items() if name}
    problems = []
    for field in FIELDS:
        if field in chosen:
            continue
        found = _best(names, field, taken=positions.values())
        if len(found) > 1:
            problems.append(f'The column "{names[found[0]]}" is there {len(found)} times.')
        elif found:
            positions[field] = found[0]
    is_family_name = "first_name" in positions and not {"name", "last_name"} & chosen.keys()
    if is_family_name and "last_name" not in positions and "name" in positions:  # "Vorname", "Name"
        positions["last_name"] = positions.pop("name")
    return Columns(names, positions, problems[0] if problems else _missing(names, positions))


def choose_columns(header: Sequence[str], fields: Sequence[str]) -> Columns:
    """Return the columns where a person has chosen the field of each, empty for none."""
    names = [restored(name) for name in header]
    places = [(field, place) for place, field in enumerate(fields) if field]
    twice = [field for field, count in Counter(field for field, _ in places).items() if count > 1]
    problem = f"Two columns are used as “{LABELS[twice[0]]}”. Choose one." if twice else _missing(names, dict(places))
    return Columns(names, dict(places), problem)


def _missing(names: Sequence[str], positions: Mapping[str, int]) -> str:
    if "email" in positions:
        return ""
    listed = ", ".join(names)
    return f"No column has a header for email addresses: {listed[:MAX_SHOWN]}{'...' * (len(listed) > MAX_SHOWN)}."


def _position(names: Sequence[str], field: str, name: str) -> int:
    found = [place for place, other in enumerate(names) if _folded(other) == _folded(name)]
    if not found:
        listed = ", ".join(names)
        raise FileError(f'{field}: There is no column "{name.strip()}", only {listed[:MAX_SHOWN]}.')
    if len(found) > 1:
        raise FileError(f'The column "{name.strip()}" is there {len(found)} times.')
    return found[0]


def _best(names: Sequence[str], field: str, *, taken: Collection[int]) -> list[int]:
    """Return the positions of the columns whose headers fit best."""
    ranks = {
        place: rank
        for place, name in enumerate(names)
        if place not in taken and (rank := _rank(name, HEADERS[field])) is not None
    }
    return [place for place, rank in ranks.items() if rank == min(ranks.values())]


def _rank(name: str, known: Sequence[str]) -> tuple[bool, int] | None:
    words = _words(name)
    plain = [word for word in words if word not in _PEOPLE]
    for key in (" ".join(words), " ".join(plain)):
        if key in known:
            return len(plain) == len(words), known.index(key)
    return None


def _words(name: str) -> list[str]:
    text = re.sub(r"\(.*?\)|\[.*?\]", " ", _folded(name)).replace("#", " number ")
    words = " ".join(re.findall(r"[^\W_]+", text)).replace("e mail", "email").split()
    return [word for word in words if word not in _FILLING]


def _folded(name: str) -> str:
    """Return the header in lower case, with plain single spaces and nothing that is invisible."""
    plain = unicodedata.normalize("NFKC", name).replace("_", " ").casefold()
    return " ".join("".join(mark for mark in plain if unicodedata.category(mark) != "Cf").split())
