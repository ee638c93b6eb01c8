"""German words."""

from notifications.models import Kind
from notifications.texts.placeholders import Wording
from notifications.texts.vocabulary import (
    DigestWording,
    Frame,
    InvalidLinkPage,
    Receipts,
    RegistrationPage,
    UnsubscribePage,
    Values,
    Vocabulary,
)

_FACTS = "Wann: {date}\nWo: {place}"
_PAGE = "Hier können Sie Ihre Anmeldung ansehen, in Ihren Kalender eintragen oder stornieren:\n\n{link}"
_CANCEL = "Wenn Sie nicht kommen können, sagen Sie bitte ab, damit jemand anderes Ihren Platz bekommt:\n\n{link}"
_MARKED = "Hier anmelden: {link}\n\nSie bekommen diese E-Mail, weil Sie sich die Veranstaltung gemerkt haben."
_CHECK = "Prüfen Sie, ob Sie ihn vollständig kopiert haben, oder öffnen Sie den Link aus Ihrer neuesten E-Mail."

VOCABULARY = Vocabulary(
    defaults={
        Kind.REGISTERED: Wording(
            "Sie sind angemeldet: {event}",
            f"Guten Tag {{name}},\n\nSie haben einen Platz für „{{event}}“.\n\n{_FACTS}\n\n{_PAGE}\n\n{{organizer}}",
        ),
        Kind.QUEUED: Wording(
            "Sie stehen auf der Warteliste: {event}",
            "Guten Tag {name},\n\n„{event}“ ist ausgebucht. Sie stehen auf Platz {position} der Warteliste. Sobald Sie"
            " an der Reihe sind, bekommen Sie einen Platz, und wir schreiben Ihnen."
            f"\n\n{_FACTS}\n\n{_PAGE}\n\n{{organizer}}",
        ),
        Kind.SEATED: Wording(
            "Sie haben einen Platz: {event}",
            "Guten Tag {name},\n\nein Platz ist frei geworden, und er gehört Ihnen. Sie stehen nicht mehr auf der"
            f" Warteliste, sondern sind für „{{event}}“ angemeldet.\n\n{_FACTS}\n\n{_CANCEL}\n\n{{organizer}}",
        ),
        Kind.CANCELLED: Wording(
            "Ihre Anmeldung ist storniert: {event}",
            "Guten Tag {name},\n\nIhre Anmeldung für „{event}“ wurde von {organizer} storniert.\n\n{reason}"
            f"\n\n{_FACTS}\n\n{{organizer}}",
        ),
        Kind.TICKET: Wording(
            "Ihr neues Ticket: {event}",
            "Guten Tag {name},\n\nSie haben ein neues Ticket für „{event}“. Das bisherige gilt nicht mehr: Bitte zeigen"
            f" Sie am Eingang das neue.\n\n{_FACTS}\n\n{_PAGE}\n\n{{organizer}}",
        ),
        Kind.EVENT_CHANGED: Wording(
            "Geändert: {event}",
            "Guten Tag {name},\n\nbei „{event}“ hat sich etwas geändert.\n\n{changes}\n\nDie Veranstaltung findet jetzt"
            f" so statt:\n\n{_FACTS}\n\nIhre Anmeldung gilt weiterhin. {_PAGE}\n\n{{organizer}}",
        ),
        Kind.EVENT_CANCELLED: Wording(
            "Abgesagt: {event}",
            "Guten Tag {name},\n\n„{event}“ findet nicht statt. Die Veranstaltung wurde abgesagt."
            f"\n\n{_FACTS}\n\n{{organizer}}",
        ),
        Kind.EVENT_REOPENED: Wording(
            "Findet doch statt: {event}",
            "Guten Tag {name},\n\n„{event}“ war abgesagt, findet aber doch statt. Ihre Anmeldung gilt weiterhin."
            f"\n\n{_FACTS}\n\n{_PAGE}\n\n{{organizer}}",
        ),
        Kind.ANSWERS: Wording(
            "Bitte beantworten: {event}",
            "Guten Tag {name},\n\nzu „{event}“ gibt es Fragen, die Sie noch nicht beantwortet haben. Hier können Sie"
            f" das tun:\n\n{{link}}\n\n{_FACTS}\n\n{{organizer}}",
        ),
        Kind.REMINDER: Wording(
            "Erinnerung: {event}",
            f"Guten Tag {{name}},\n\n„{{event}}“ beginnt bald.\n\n{_FACTS}\n\n{_CANCEL}\n\n{{organizer}}",
        ),
    },
    receipts=Receipts(
        seat=Wording(
            "Sie haben Ihren Platz zurückgegeben: {event}",
            "Guten Tag {name},\n\nSie haben Ihren Platz für „{event}“ zurückgegeben und sind nicht mehr angemeldet."
            f"\n\n{_FACTS}\n\n{{organizer}}",
        ),
        queue=Wording(
            "Sie haben die Warteliste verlassen: {event}",
            "Guten Tag {name},\n\nSie stehen nicht mehr auf der Warteliste für „{event}“."
            f"\n\n{_FACTS}\n\n{{organizer}}",
        ),
    ),
    of_interest={
        Kind.OPENED: Wording(
            "Anmeldung geöffnet: {event}",
            "Guten Tag {name},\n\nSie können sich jetzt für „{event}“ anmelden."
            f"\n\n{_FACTS}\n\n{_MARKED}\n\n{{organizer}}",
        ),
        Kind.SEAT_FREE: Wording(
            "Ein Platz ist frei: {event}",
            "Guten Tag {name},\n\nbei „{event}“ ist ein Platz frei geworden. Wer sich zuerst anmeldet, bekommt ihn."
            f"\n\n{_FACTS}\n\n{_MARKED}\n\n{{organizer}}",
        ),
    },
    frame=Frame(
        questions="Fragen zur Veranstaltung:",
        why="Sie bekommen diese E-Mail, weil Sie bei {site} registriert sind.",
        unsubscribe="Diese E-Mails abbestellen",
        button="Anmeldung ansehen",
        copy_link="Oder kopieren Sie diesen Link in Ihren Browser:",
        online="Online teilnehmen:",
    ),
    digest=DigestWording(
        subject="Ihre Veranstaltungen: {new} neu, {cancelled} storniert",
        hello="Guten Tag {name},",
        intro="von {begins} bis {ends} hat sich bei Ihren Veranstaltungen Folgendes getan.",
        numbers=("Neu: {new}", "Storniert: {cancelled}", "Wartend: {waiting}", "Plätze belegt: {taken} von {seats}"),
        others="Und {number} weitere",
        why="Sie bekommen diese Zusammenfassung, weil Sie sie bei {site} gewählt haben.",
        stop="Diese Zusammenfassungen abbestellen",
    ),
    values=Values(
        nothing="keine Angabe",
        change="{field}: {now} (bisher: {before})",
        fields={
            "title": "Titel",
            "date_time": "Beginn",
            "end_time": "Ende",
            "time_zone": "Zeitzone",
            "location": "Ort",
            "venue": "Veranstaltungsort",
            "address": "Adresse",
            "attendance": "Teilnahme",
        },
        attendance={"offline": "vor Ort", "online": "online", "mixed": "vor Ort und online"},
        link_changed="Der Online-Link hat sich geändert.",
        link_gone="Es gibt keinen Online-Link mehr.",
    ),
    registration_page=RegistrationPage(
        name="Name",
        when="Wann",
        where="Wo",
        organizer="Veranstaltet von",
        reason="Grund",
        add_to_calendar="In den Kalender eintragen",
        cancel="Anmeldung stornieren",
        leave_queue="Warteliste verlassen",
        cancel_closed="Stornieren war bis {date} möglich. Bitte schreiben Sie uns, wenn Sie nicht kommen können.",
        online="Online",
        is_cancelled="Ihre Anmeldung ist storniert.",
        event_cancelled="Die Veranstaltung ist abgesagt.",
        over="Die Veranstaltung ist vorbei.",
        waiting="Sie stehen auf Platz {position} der Warteliste.",
        checked_in="Sie sind eingecheckt.",
        registered="Sie sind angemeldet.",
        answer="Fragen beantworten",
        answer_these="Bitte beantworten Sie diese Fragen.",
        may_answer="Hier können Sie diese Fragen beantworten.",
        change_these="Hier können Sie Ihre Antworten ändern.",
        answers_until="Änderungen sind bis {date} möglich.",
        answer_until="Das können Sie bis {date} ändern.",
        answer_closed="Das können Sie nicht mehr ändern.",
        save_answers="Antworten speichern",
        answers_saved="Vielen Dank. Ihre Antworten sind gespeichert.",
        answers_closed="Diese Antworten können nicht mehr geändert werden.",
        see_registration="Zur Anmeldung",
    ),
    unsubscribe_page=UnsubscribePage(
        title="E-Mails abbestellen",
        choose="Wählen Sie, welche E-Mails Sie nicht mehr bekommen möchten.",
        event="Nachrichten zu „{event}“",
        organizer="Alle Nachrichten von {organizer}",
        everything="Nachrichten aller Veranstalter",
        reminders="Erinnerungen an Veranstaltungen",
        digests="Zusammenfassungen zu Ihren Veranstaltungen",
        is_off="Sie bekommen diese E-Mails nicht mehr.",
        turn_off="Abbestellen",
        undo="Rückgängig",
        still="E-Mails zu Ihren Anmeldungen, geänderten Veranstaltungen und Ihrem Konto bekommen Sie weiterhin.",
    ),
    invalid_link_page=InvalidLinkPage(
        title="Dieser Link gilt nicht mehr",
        registration=f"Der Link gilt nicht mehr, wenn die Anmeldung gelöscht wurde. {_CHECK}",
        account=f"Der Link gilt nicht mehr, wenn das Konto gelöscht wurde. {_CHECK}",
    ),
)
