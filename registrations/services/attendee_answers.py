"""Read the status and the quantity of a row in a list of people."""

import re
import unicodedata

COMING = {
    *("attending", "going", "yes", "y", "accepted", "approved", "confirmed", "registered", "completed", "complete"),
    *("paid", "active", "valid", "checked in", "attended", "coming", "booked", "placed", "present", "true", "1", "x"),
    *("ja", "j", "zugesagt", "zusage", "bestätigt", "angemeldet", "bezahlt", "aktiv", "gültig", "genehmigt"),
    *(
        "eingecheckt",
        "teilgenommen",
        "teilnehmend",
        "nimmt teil",
        "kommt",
        "gebucht",
        "anwesend",
        "abgeschlossen",
        "angenommen",
    ),
}
NOT_COMING = {
    *("refunded", "partially refunded", "deleted", "declined", "cancelled", "canceled", "not going", "not attending"),
    *("no", "n", "withdrawn", "rejected", "expired", "overdue", "void", "removed", "transferred", "no show", "failed"),
    *("waiting", "waitlist", "waitlisted", "waiting list", "on waitlist", "on waiting list", "on the waiting list"),
    *("pending", "pending approval", "awaiting approval", "awaiting payment", "approval pending", "payment pending"),
    *("unpaid", "not paid", "invited", "maybe", "tentative", "interested", "no response", "not responded", "no reply"),
    *(
        "needs action",
        "needsaction",
        "excused absence",
        "in progress",
        "abandoned",
        "reserved",
        "chargeback",
        "false",
        "0",
        "none",
        "not approved",
        "not coming",
    ),
    *("nein", "storniert", "abgesagt", "absage", "abgelehnt", "gelöscht", "erstattet", "rückerstattet", "warteliste"),
    *("auf warteliste", "auf der warteliste", "wartend", "ausstehend", "unbezahlt", "nicht bezahlt", "offen"),
    *(
        "zahlung ausstehend",
        "genehmigung ausstehend",
        "abgelaufen",
        "überfällig",
        "eingeladen",
        "vielleicht",
        "unter vorbehalt",
        "zurückgezogen",
        "nicht dabei",
    ),
    *("nimmt nicht teil", "nicht teilgenommen", "nicht erschienen", "keine antwort", "kommt nicht", "entfernt"),
}
# First words that are an answer, and words after it that change nothing. Others may change it, or bring somebody.
_FIRST_WORDS = {"yes", "ja", "no", "nein", "maybe", "vielleicht"}
_POLITE = {
    *(
        "i",
        "ll",
        "will",
        "be",
        "there",
        "am",
        "m",
        "coming",
        "attending",
        "can",
        "attend",
        "come",
        "make",
        "it",
        "sure",
    ),
    *("definitely", "of", "course", "thanks", "thank", "you", "please", "happy", "gladly", "to", "see"),
    *("ich", "komme", "bin", "dabei", "nehme", "teil", "gern", "gerne", "sicher", "natürlich", "klar", "danke"),
}
# An empty cell in a column that says who does not come.
_NO = {"", "no", "n", "false", "0", "none", "nein", "keine"}
_YES = {"yes", "y", "true", "1", "x", "ja", "j"}
_ONE = re.compile(r"1([.,]00?)?")
_NONE = re.compile(r"|0([.,]00?)?|-|no|none|nein|keine")
_DAY = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?!\d).*", re.ASCII | re.DOTALL)


def comes(status: str) -> bool | None:
    """Return whether the person is coming, or None if the status is unknown. An empty status counts as coming."""
    words = _words(status)
    if not status or (whole := " ".join(words)) in COMING:
        return True
    if whole in NOT_COMING:
        return False
    if words[:1] and words[0] in _FIRST_WORDS:  # "Yes, I'll be there"
        first, rest = words[0], words[1:]
    else:  # "Cancelled (paid fee)"
        first = " ".join(_words(status.partition("(")[0]))
        rest = _words(status.partition("(")[2])
    if first in NOT_COMING:
        return None if _YES.intersection(rest) else False
    return True if first in COMING and (_POLITE.issuperset(rest) or " ".join(rest) in COMING) else None


def is_cancelled(text: str) -> bool | None:
    """Read a cell of a column that says who does not come: yes, no or the day; None if it is neither."""
    plain = " ".join(_words(text))
    if plain in _NO or _NONE.fullmatch(text):
        return False
    return True if plain in _YES or plain in NOT_COMING or _DAY.fullmatch(text) else None


def is_one(quantity: str) -> bool:
    return not quantity or bool(_ONE.fullmatch(quantity))


def is_alone(guests: str) -> bool:
    return bool(_NONE.fullmatch(guests.casefold()))


def _words(status: str) -> list[str]:
    """Return the words; a + may bring somebody, and a ? makes the answer unsure."""
    return re.findall(r"[^\W_]+|[+?]", unicodedata.normalize("NFKC", status).casefold())
