"""Find the columns of a list of people by their headers.

The names are those of exports of Eventbrite, Luma, Meetup, pretix, Hi.Events, Indico and Google Forms, in English and
German.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
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
    "cancelled": "Does not come (yes or no)",
    "quantity": "Number of tickets",
    "guests": "Number of additional guests",
}
FIELDS = tuple(LABELS)
# Fields that may have several columns, all of which count.
SEVERAL = ("status", "cancelled", "quantity", "guests")
MAX_SHOWN = 500
NO_QUESTIONS: Mapping[str, str] = MappingProxyType({})

# Headers as `_words` reads them, the best first.
HEADERS: Mapping[str, Sequence[str]] = {
    "email": (
        *("email", "email address", "email adresse", "emailadresse", "mail", "mail address", "mail adresse"),
        *("mailadresse", "primary email", "primary email address", "email id", "email 1 value", "contact email"),
    ),
    "name": (
        *("full name", "vollständiger name", "first and last name", "first name and last name", "first last name"),
        *("first name last name", "last name first name", "last first name", "vor und nachname", "vor nachname"),
        *("vorname und nachname", "vorname nachname", "vorname name", "nachname vorname", "name", "display name"),
        *("anzeigename", "teilnehmername", "contact name", "kontaktname", "heisst du", "heissen sie"),
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
        *("attending", "coming", "order status", "bestellstatus", "payment status", "zahlungsstatus", "zahlstatus"),
        *("will you attend", "will you be attending", "will you come", "can you attend", "can you make it"),
        *("are you attending", "are you coming", "are you going", "nehmen sie teil", "nimmst du teil"),
        *("kommen sie", "kommst du"),
    ),
    "cancelled": (
        *("cancelled", "canceled", "cancelled at", "canceled at", "cancelled on", "canceled on", "cancellation date"),
        *("refunded", "refunded at", "refund date", "declined", "deleted", "withdrawn", "rejected", "no show"),
        *("waitlist", "waitlisted", "on waitlist", "waiting list", "on waiting list", "warteliste", "auf warteliste"),
        *("storniert", "storniert am", "stornodatum", "storno", "abgesagt", "abgesagt am", "abgelehnt", "erstattet"),
        *("erstattet am", "gelöscht", "nicht erschienen"),
    ),
    "quantity": (
        *("quantity", "qty", "ticket quantity", "tickets", "ticket count", "seats", "people", "persons", "headcount"),
        *("ticketmenge", "ticketanzahl", "kartenanzahl", "party size", "menge", "personenzahl"),
        *("personenanzahl", "personen", "plätze", "karten", "anzahl"),
        *(
            f"number {noun}"
            for noun in ("tickets", "ticket", "seats", "people", "persons", "attendees", "participants")
        ),
        *(f"number {noun}" for noun in ("karten", "plätze", "personen", "teilnehmer", "teilnehmenden", "places")),
    ),
    "guests": (
        *("guests", "guest", "additional guests", "guest count", "plus ones", "plus one", "plus 1", "companion"),
        *(
            "companions",
            "guest name",
            "guest email",
            "gast email",
            "number guests",
            "number additional guests",
            "number companions",
            "number plus ones",
        ),
        *("gäste", "gast", "number gäste", "weitere personen", "number weitere personen", "begleitpersonen"),
        *("begleitperson", "number begleitpersonen", "begleitung", "mit begleitung", "begleiter", "number begleiter"),
    ),
}
# Names where no other column has them: beside a name, "Guest" is the companion, and "Teilnehmer" a number.
_NAMES_AT_LAST = ("attendee", "guest", "participant", "teilnehmer", "teilnehmerin", "gast", "person")
# Words of a header that say whom it is about. Such a column is better than one that may be about who has ordered.
_PEOPLE = {
    *("attendee", "attendees", "guest", "participant", "participants", "invitee", "registrant"),
    *("teilnehmer", "teilnehmers", "teilnehmerin", "teilnehmenden", "teilnehmende", "gast", "gastes", "person"),
}
# Those of a header that may be about whom the attendee brings.
_COMPANIONS = {"guest", "gast", "gastes"}
_COUNT = re.compile(r"^(?:how many|wie ?viele?|(?:total )?number of|total(?: of)?|no of|nr of|anzahl(?: der| an)?) ")
# Headers with a name that is not a person's.
_OTHER_NAMES = re.compile("user|benutzer|company|firm|organi|event|ticket|product|produkt|host|file|datei|shop")
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
    def fields(self) -> list[str]:
        """The field of each column of the header, empty for none."""
        by_place = {place: _field(key) for key, place in self.positions.items()}
        return [by_place.get(place, "") for place in range(len(self.header))]

    @property
    def used(self) -> list[tuple[str, str]]:
        """Each field that has a column, with its header."""
        order = {field: place for place, field in enumerate(FIELDS)}
        keys = sorted(self.positions, key=lambda key: order.get(_field(key), len(order)))
        return [(_field(key), self.header[self.positions[key]]) for key in keys]

    @property
    def unused(self) -> list[str]:
        taken = set(self.positions.values())
        return [name for place, name in enumerate(self.header) if name and place not in taken]


def _field(key: str) -> str:
    return key.split()[0]


def find_columns(
    header: Sequence[str], chosen: Mapping[str, str], questions: Mapping[str, str] = NO_QUESTIONS
) -> Columns:
    """Find each field's column: the one that `chosen` names, none if that is empty, else by HEADERS.

    A column whose header is that of a question holds its answers; `questions` has the header of each.
    Raise FileError if a chosen column is not there.
    """
    titles = [restored(name) for name in header]
    answers = _find_answers(titles, questions)
    names = ["" if place in answers.values() else title for place, title in enumerate(titles)]
    positions = {field: _position(names, field, name) for field, name in chosen.items() if name}
    problems = []
    for field in FIELDS:
        if field in chosen:
            continue
        ranks = _ranks(names, _known(names, field, chosen), taken=positions.values())
        best = [place for place, rank in ranks.items() if rank == min(ranks.values())]
        if field in SEVERAL:
            positions |= _numbered(field, ranks)
        elif len(best) > 1:
            problems.append(f'The column "{names[best[0]]}" is there {len(best)} times.')
        elif best:
            positions[field] = best[0]
    is_family_name = "first_name" in positions and not {"name", "last_name"} & chosen.keys()
    if is_family_name and "last_name" not in positions and "name" in positions:  # "Vorname", "Name"
        positions["last_name"] = positions.pop("name")
    problem = problems[0] if problems else _missing(titles, positions)
    problem = problem or _unclear_name(names, positions, chosen)
    return Columns(titles, positions | answers, problem)


def _find_answers(names: Sequence[str], questions: Mapping[str, str]) -> dict[str, int]:
    """Return the places of the columns of questions. Of two with the same header the first is taken."""
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        places.setdefault(_folded(name), place)
    return {key: places[folded] for key, header in questions.items() if (folded := _folded(header)) in places}


def choose_columns(
    header: Sequence[str], fields: Sequence[str], questions: Mapping[str, str] = NO_QUESTIONS
) -> Columns:
    """Return the columns where a person has chosen the field of each, empty for none."""
    names = [restored(name) for name in header]
    places = [(field, place) for place, field in enumerate(fields) if field]
    counts = Counter(field for field, _ in places)
    twice = [field for field, count in counts.items() if count > 1 and field not in SEVERAL]
    positions: dict[str, int] = {}
    for field in counts:
        positions |= _numbered(field, [place for other, place in places if other == field])
    problem = (
        f"Two columns are used as “{ {**LABELS, **questions}[twice[0]] }”. Choose one."
        if twice
        else _missing(names, positions)
    )
    return Columns(names, positions, problem)


def _numbered(field: str, places: Iterable[int]) -> dict[str, int]:
    """Name the places "status", "status 2" and so on."""
    return {f"{field} {number}" if number > 1 else field: place for number, place in enumerate(places, 1)}


def _missing(names: Sequence[str], positions: Mapping[str, int]) -> str:
    if "email" in positions:
        return ""
    listed = ", ".join(names)
    return f"No column has a header for email addresses: {listed[:MAX_SHOWN]}{'...' * (len(listed) > MAX_SHOWN)}."


def _unclear_name(names: Sequence[str], positions: Mapping[str, int], chosen: Mapping[str, str]) -> str:
    """Ask about a column that may have the names, where none is known to."""
    if {"name", "first_name", "last_name"} & {*positions, *chosen}:
        return ""
    taken = set(positions.values())
    unused = (name for place, name in enumerate(names) if place not in taken)
    found = next((name for name in unused if "name" in _folded(name) and not _OTHER_NAMES.search(_folded(name))), "")
    return f"No column is known to have the names of people. Is it “{found}”?" if found else ""


def _position(names: Sequence[str], field: str, name: str) -> int:
    found = [place for place, other in enumerate(names) if _folded(other) == _folded(name)]
    if not found:
        listed = ", ".join(names)
        raise FileError(f'{field}: There is no column "{name.strip()}", only {listed[:MAX_SHOWN]}.')
    if len(found) > 1:
        raise FileError(f'The column "{name.strip()}" is there {len(found)} times.')
    return found[0]


def _known(names: Sequence[str], field: str, chosen: Mapping[str, str]) -> Sequence[str]:
    """Return the headers of a field, the best first."""
    known = HEADERS[field]
    if field != "name" or "first_name" in chosen or _ranks(names, (*known, *HEADERS["first_name"])):
        return known
    return _NAMES_AT_LAST


def _ranks(names: Sequence[str], known: Sequence[str], *, taken: Collection[int] = ()) -> dict[int, tuple[int, int]]:
    """Return the positions of the columns whose headers are known; the lowest rank fits best."""
    return {
        place: rank
        for place, name in enumerate(names)
        if place not in taken and (rank := _rank(name, known)) is not None
    }


def _rank(name: str, known: Sequence[str]) -> tuple[int, int] | None:
    words = _words(name)
    plain = [word for word in words if word not in _PEOPLE]
    if words[:1] == ["number"]:  # "How many tickets do you need?"
        keys = [" ".join(words[:count]) for count in range(len(words), 1, -1)]
    else:
        keys = [" ".join(words), " ".join(plain)]
    for key in keys:
        if key in known:
            return 2 if _COMPANIONS & {*words} else int(len(plain) in (0, len(words))), known.index(key)
    return None


def _words(name: str) -> list[str]:
    text = re.sub(r"\(.*?\)|\[.*?\]", " ", _folded(name)).replace("#", " number ").replace("+1", " plus one ")
    text = " ".join(re.findall(r"[^\W_]+", text)).replace("e mail", "email")
    return [word for word in _COUNT.sub("number ", text).split() if word not in _FILLING]


def _folded(name: str) -> str:
    """Return the header in lower case, with plain single spaces and nothing that is invisible."""
    plain = unicodedata.normalize("NFKC", name).replace("_", " ").casefold()
    return " ".join("".join(mark for mark in plain if unicodedata.category(mark) != "Cf").split())
