"""Errors of forms in the language of public pages. Rules, the API and the back office have them in English."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from eventhub.languages import Language, current_language

# Numbers are {}. Django's own errors come in the active language.
GERMAN = {
    "Another answer depends on this one and can no longer be changed.": "Eine andere Antwort hängt davon ab und kann"
    " nicht mehr geändert werden.",
    "Answer with true or false.": "Antworten Sie mit Ja oder Nein.",
    "Choose at least {}.": "Wählen Sie mindestens {} aus.",
    "Choose at most {}.": "Wählen Sie höchstens {} aus.",
    "Choose from the options.": "Wählen Sie aus den Möglichkeiten.",
    "Choose one of the options.": "Wählen Sie eine der Möglichkeiten.",
    "Control characters are not allowed.": "Steuerzeichen sind nicht erlaubt.",
    "Enter a country's code of two letters, such as DE.": "Wählen Sie ein Land.",
    "Enter a date such as 2027-05-01.": "Geben Sie ein Datum ein, zum Beispiel 2027-05-01.",
    "Enter a number.": "Geben Sie eine Zahl ein.",
    "Enter a phone number.": "Geben Sie eine Telefonnummer ein.",
    "Enter a text.": "Geben Sie einen Text ein.",
    "Enter a web address that begins with https:// or http://.": "Geben Sie eine Webadresse ein, die mit https:// oder"
    " http:// beginnt.",
    "Enter an ISO 8601 date and time, such as 2026-05-01T18:00:00Z.": "Geben Sie ein Datum ein, zum Beispiel"
    " 2026-05-01.",
    "Enter an email address.": "Geben Sie eine E-Mail-Adresse ein.",
    "Enter at least {} characters.": "Geben Sie mindestens {} Zeichen ein.",
    "Enter at least {}.": "Geben Sie mindestens {} ein.",
    "Enter at most {} characters.": "Geben Sie höchstens {} Zeichen ein.",
    "Enter at most {}.": "Geben Sie höchstens {} ein.",
    "Null characters are not allowed.": "Nullzeichen sind nicht erlaubt.",
    "The answers are too long.": "Die Antworten sind zu lang.",
    "The event does not ask this.": "Diese Frage wird nicht gestellt.",
    "The year must be between {} and {}.": "Das Jahr muss zwischen {} und {} liegen.",
    "This can no longer be changed.": "Das können Sie nicht mehr ändern.",
    "This cursor is not of this list.": "Diese Seite der Liste gibt es nicht.",
    "This number is too large.": "Diese Zahl ist zu groß.",
    "This question needs an answer.": "Bitte beantworten Sie diese Frage.",
    "Too many attempts. Try again in {} seconds.": "Zu viele Versuche. Versuchen Sie es in {} Sekunden noch einmal.",
    "Your new answer came too late and was not saved.": "Ihre neue Antwort kam zu spät und wurde nicht gespeichert.",
    "You need to agree to this.": "Bitte stimmen Sie dem zu.",
}
# What programs read is not for people.
ENGLISH = {
    "Enter an ISO 8601 date and time, such as 2026-05-01T18:00:00Z.": "Enter a date such as 2026-05-01.",
    "This cursor is not of this list.": "There is no such page of this list.",
}
SENTENCES: Mapping[str, Mapping[str, str]] = {Language.EN: ENGLISH, Language.DE: GERMAN}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)


def in_active_language(text: str) -> str:
    """Return an error in the active language, or as it is where nobody has put it into words there."""
    sentences = SENTENCES.get(current_language(), {})
    if text in sentences:
        return sentences[text]
    pattern = sentences.get(_NUMBER.sub("{}", text))
    return pattern.format(*_NUMBER.findall(text)) if pattern else text


class TranslatedForm(forms.Form):
    """A form of public pages."""

    def add_error(self, field: str | None, error: Any) -> None:
        problem = error if isinstance(error, ValidationError) else ValidationError(error)
        if not hasattr(problem, "error_dict"):
            problem = ValidationError(
                [
                    ValidationError(in_active_language(text), code=each.code)
                    for each in problem.error_list
                    for text in each.messages
                ]
            )
        super().add_error(field, problem)
