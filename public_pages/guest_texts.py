"""The words of the pages for guests in every language."""

from typing import NamedTuple

from django.utils import translation

from eventhub.languages import Language


class GuestWords(NamedTuple):
    name: str
    email: str
    wait: str
    note: str
    register: str
    sent: str
    sent_long: str
    confirm: str
    confirm_long: str
    confirm_button: str
    join_queue: str
    expired: str
    expired_long: str
    refused: str
    details: str
    phone: str
    contact_details: str
    save: str
    saved: str
    lost_answers: str
    owed: str
    at_door: str
    optional: str
    answers: str
    answer_or_change: str
    change_answers: str
    see_answers: str
    on_hold: str
    account: str
    account_long: str
    claim: str
    link_sent: str


ENGLISH = GuestWords(
    name="Name",
    email="Email address",
    wait="If no seat is free, put me on the waiting list",
    note="We will send you a link to confirm your registration. You need no account.",
    register="Register",
    sent="Check your email",
    sent_long="We have sent a link to {email}. Open it to confirm your registration. If nothing arrives within a few"
    " minutes, look into your spam folder.",
    confirm="Confirm your registration",
    confirm_long="You get your seat when you confirm.",
    confirm_button="Confirm registration",
    join_queue="Join waiting list",
    expired="This link is no longer valid",
    expired_long="Links to confirm a registration work for 24 hours. Register again to get a new one.",
    refused="You cannot be registered by this link.",
    details="Your details",
    phone="Phone",
    contact_details="Contact details",
    save="Save",
    saved="Your details are saved.",
    lost_answers="The answers about you were deleted, since the name is another one. Please answer them again.",
    owed="Still to answer",
    at_door="Answer now or at the door",
    optional="Optional",
    answers="Questions of the organizer",
    answer_or_change="Answer or change",
    change_answers="Change answers",
    see_answers="See answers",
    on_hold="Your seat is held for you. Confirm it by the link in our email.",
    account="Your account",
    account_long="With a password you can sign in and see all your registrations.",
    claim="Set a password",
    link_sent="We have sent you a link to set a password.",
)
GERMAN = GuestWords(
    name="Name",
    email="E-Mail-Adresse",
    wait="Wenn kein Platz frei ist, möchte ich auf die Warteliste",
    note="Wir senden Ihnen einen Link, mit dem Sie Ihre Anmeldung bestätigen. Sie brauchen kein Konto.",
    register="Anmelden",
    sent="Sehen Sie in Ihre E-Mails",
    sent_long="Wir haben einen Link an {email} gesendet. Öffnen Sie ihn, um Ihre Anmeldung zu bestätigen. Wenn in den"
    " nächsten Minuten nichts ankommt, sehen Sie im Spam-Ordner nach.",
    confirm="Bestätigen Sie Ihre Anmeldung",
    confirm_long="Sie bekommen Ihren Platz, wenn Sie bestätigen.",
    confirm_button="Anmeldung bestätigen",
    join_queue="Auf die Warteliste",
    expired="Dieser Link gilt nicht mehr",
    expired_long="Links zum Bestätigen einer Anmeldung gelten 24 Stunden lang. Melden Sie sich noch einmal an, um einen"
    " neuen zu bekommen.",
    refused="Mit diesem Link können Sie nicht angemeldet werden.",
    details="Ihre Angaben",
    phone="Telefon",
    contact_details="Kontaktdaten",
    save="Speichern",
    saved="Ihre Angaben sind gespeichert.",
    lost_answers="Die Antworten zu Ihrer Person wurden gelöscht, weil der Name ein anderer ist. Bitte beantworten Sie"
    " die Fragen noch einmal.",
    owed="Noch zu beantworten",
    at_door="Jetzt oder am Einlass zu beantworten",
    optional="Freiwillig",
    answers="Fragen des Veranstalters",
    answer_or_change="Beantworten oder ändern",
    change_answers="Antworten ändern",
    see_answers="Antworten ansehen",
    on_hold="Ihr Platz wird für Sie zurückgehalten. Bestätigen Sie ihn mit dem Link in unserer E-Mail.",
    account="Ihr Konto",
    account_long="Mit einem Passwort können Sie sich einloggen und alle Ihre Anmeldungen sehen.",
    claim="Passwort festlegen",
    link_sent="Wir haben Ihnen einen Link gesendet, mit dem Sie ein Passwort festlegen.",
)
GUEST_WORDS: dict[str, GuestWords] = {Language.EN: ENGLISH, Language.DE: GERMAN}


def guest_words() -> GuestWords:
    return GUEST_WORDS[str(translation.get_language())]
