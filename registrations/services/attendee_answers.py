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
_FIRST_WORDS = {"yes", "ja", "no", "nein", "maybe", "vielleicht"}
_ONE = re.compile(r"1([.,]0+)?")
_NONE = re.compile(r"|0([.,]0+)?|-|no|none|nein|keine")


def comes(status: str) -> bool | None:
    """Return whether the person is coming, or None if the status is unknown. An empty status counts as coming."""
    if not status:
        return True
    words = _words(status)
    for text in (" ".join(words), *(word for word in words[:1] if word in _FIRST_WORDS)):  # "Yes, I'll be there"
        if text in COMING or text in NOT_COMING:
            return text in COMING
    return None


def is_one(quantity: str) -> bool:
    return not quantity or bool(_ONE.fullmatch(quantity))


def is_alone(guests: str) -> bool:
    return bool(_NONE.fullmatch(guests.casefold()))


def _words(status: str) -> list[str]:
    text = re.sub(r"\(.*?\)", " ", unicodedata.normalize("NFKC", status).casefold())
    return re.findall(r"[^\W_]+", text)
