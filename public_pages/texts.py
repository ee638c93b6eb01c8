"""The words of the public pages in every language."""

from typing import NamedTuple

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from eventhub.exceptions import ClosedReason
from eventhub.languages import Language, first_language


class Words(NamedTuple):
    skip: str
    events: str
    coming: str
    past: str
    search: str
    words: str
    since: str
    until: str
    with_seats: str
    nothing: str
    following: str
    preceding: str
    pages: str
    when: str
    where: str
    online: str
    seats: str
    of: str
    free: str
    few: str
    none: str
    queue: str
    organizer: str
    contact: str
    description: str
    registration: str
    calendar: str
    subscribe: str
    opens: str
    account: str
    account_long: str
    not_found: str
    not_found_long: str
    impossible: str
    back: str
    invalid: str
    register: str
    signed_in: str
    username: str
    credential: str
    wait: str
    to_event: str
    is_registered: str
    is_waiting: str
    mail_follows: str
    tags: str
    closed: dict[str, str]
    # By the code of the refusal; `guest.` where guests read something else, and deadlines by their name.
    refusals: dict[str, str]


ENGLISH = Words(
    skip="Skip to content",
    events="Events",
    coming="Coming events",
    past="Past events",
    search="Search",
    words="Words in the title, text or place",
    since="From",
    until="Until",
    with_seats="Only with free seats",
    nothing="No events found.",
    following="Next page",
    preceding="Previous page",
    pages="Pages of this list",
    when="When",
    where="Where",
    online="Online. People with a seat get the link.",
    seats="Seats",
    of="{left} of {capacity} free",
    free="Seats are free",
    few="Few seats left",
    none="No seats left",
    queue="No seats left; you can join the waiting list",
    organizer="Organizer",
    contact="Contact",
    description="About this event",
    registration="Registration",
    calendar="Add to calendar",
    subscribe="Subscribe to these events in a calendar",
    opens="Registration opens on {when}.",
    account="Register with your account",
    account_long="You need an account to register: here, or in an app that works with this service.",
    not_found="Page not found",
    not_found_long="There is no such page, or it is not public.",
    impossible="This is not possible right now",
    back="All events",
    invalid="These filters cannot be used:",
    closed={
        ClosedReason.CANCELLED: "This event is cancelled.",
        ClosedReason.OVER: "This event is over.",
        ClosedReason.CLOSED: "Registration is closed.",
    },
    register="Register",
    signed_in="You are signed in as",
    username="Username or email address",
    credential="Password",
    wait="Put me on the waiting list if no seat is free",
    to_event="Back to the event",
    is_registered="You are registered",
    is_waiting="You are on the waiting list",
    mail_follows="We send the details to your email address.",
    tags="Topics",
    refusals={
        "already_registered": "You are already registered for this event.",
        "answers_closed": "These answers can no longer be changed.",
        "cancel_until": "Cancelling was possible until {when}.",
        "captcha_failed": "The captcha was not solved. Please try again.",
        "edit_until": "Details could be changed until {when}.",
        "email_not_verified": "Verify your email address first: follow the link in our email.",
        "event_full": "All seats are taken by now.",
        "event_full.can_wait": "All seats are taken by now. You can join the waiting list: when a seat becomes free,"
        " you get it, and we will write to you.",
        "guest.email_not_verified": "This address belongs to an account that has not confirmed it. Choose a new"
        " password for it first.",
        "guests_not_allowed": "For this event you need an account. Please sign in to register.",
        "invalid": "Please correct the fields below.",
        "invalid_login": "Wrong username or password.",
        "not_offered": "This registration needs no confirmation.",
        "other": "This is not possible. Please open the page again.",
        "registration_closed": "Registration is closed.",
        "second_factor": "Your account needs a code to sign in. Sign in to the back office first, then come back.",
        "throttled": "Too many requests. Please try again in a few minutes.",
        "transfer_until": "The name could be changed until {when}.",
        "unavailable": "This is not possible right now. Please try again in a few minutes.",
    },
)
GERMAN = Words(
    skip="Zum Inhalt springen",
    events="Veranstaltungen",
    coming="Kommende Veranstaltungen",
    past="Vergangene Veranstaltungen",
    search="Suchen",
    words="Wörter im Titel, im Text oder im Ort",
    since="Von",
    until="Bis",
    with_seats="Nur mit freien Plätzen",
    nothing="Keine Veranstaltungen gefunden.",
    following="Nächste Seite",
    preceding="Vorige Seite",
    pages="Seiten dieser Liste",
    when="Wann",
    where="Wo",
    online="Online. Wer einen Platz hat, bekommt den Link.",
    seats="Plätze",
    of="{left} von {capacity} frei",
    free="Es sind Plätze frei",
    few="Nur noch wenige Plätze",
    none="Keine Plätze mehr",
    queue="Keine Plätze mehr; es gibt eine Warteliste",
    organizer="Veranstaltet von",
    contact="Kontakt",
    description="Über diese Veranstaltung",
    registration="Anmeldung",
    calendar="In den Kalender eintragen",
    subscribe="Diese Veranstaltungen als Kalender abonnieren",
    opens="Die Anmeldung beginnt am {when}.",
    account="Mit dem eigenen Konto anmelden",
    account_long="Zur Anmeldung ist ein Konto nötig: hier oder in einer App, die diesen Dienst nutzt.",
    not_found="Seite nicht gefunden",
    not_found_long="Diese Seite gibt es nicht, oder sie ist nicht öffentlich.",
    impossible="Das geht gerade nicht",
    back="Alle Veranstaltungen",
    invalid="Diese Filter gehen nicht:",
    closed={
        ClosedReason.CANCELLED: "Diese Veranstaltung ist abgesagt.",
        ClosedReason.OVER: "Diese Veranstaltung ist vorbei.",
        ClosedReason.CLOSED: "Die Anmeldung ist geschlossen.",
    },
    register="Anmelden",
    signed_in="Angemeldet mit dem Konto",
    username="Benutzername oder E-Mail-Adresse",
    credential="Passwort",
    wait="Auf die Warteliste, falls kein Platz frei ist",
    to_event="Zurück zur Veranstaltung",
    is_registered="Sie sind angemeldet",
    is_waiting="Sie stehen auf der Warteliste",
    mail_follows="Alles Weitere kommt per E-Mail.",
    tags="Themen",
    refusals={
        "already_registered": "Sie sind für diese Veranstaltung schon angemeldet.",
        "answers_closed": "Diese Antworten können nicht mehr geändert werden.",
        "cancel_until": "Stornieren war bis {when} möglich.",
        "captcha_failed": "Das Captcha wurde nicht gelöst. Bitte versuchen Sie es noch einmal.",
        "edit_until": "Angaben konnten bis {when} geändert werden.",
        "email_not_verified": "Bestätigen Sie zuerst Ihre E-Mail-Adresse mit dem Link aus unserer E-Mail.",
        "event_full": "Inzwischen sind alle Plätze vergeben.",
        "event_full.can_wait": "Inzwischen sind alle Plätze vergeben. Sie können auf die Warteliste: Wenn ein Platz"
        " frei wird, bekommen Sie ihn, und wir schreiben Ihnen.",
        "guest.email_not_verified": "Diese Adresse gehört zu einem Konto, das sie nicht bestätigt hat. Wählen Sie"
        " zuerst ein Passwort.",
        "guests_not_allowed": "Für diese Veranstaltung brauchen Sie ein Konto. Bitte melden Sie sich damit an.",
        "invalid": "Bitte berichtigen Sie die Felder unten.",
        "invalid_login": "Benutzername oder Passwort ist falsch.",
        "not_offered": "Diese Anmeldung muss nicht bestätigt werden.",
        "other": "Das ist nicht möglich. Bitte öffnen Sie die Seite noch einmal.",
        "registration_closed": "Die Anmeldung ist geschlossen.",
        "second_factor": "Ihr Konto braucht einen Code. Melden Sie sich zuerst im Backoffice an.",
        "throttled": "Zu viele Anfragen. Bitte versuchen Sie es in ein paar Minuten noch einmal.",
        "transfer_until": "Der Name konnte bis {when} geändert werden.",
        "unavailable": "Das geht gerade nicht. Bitte versuchen Sie es in ein paar Minuten noch einmal.",
    },
)
WORDS: dict[str, Words] = {Language.EN: ENGLISH, Language.DE: GERMAN}


def language_of(request: HttpRequest) -> str:
    """Return the language that the reader prefers among those of the pages, or the site's."""
    wanted = parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
    return first_language(*(name.partition("-")[0] for name, _ in wanted))
