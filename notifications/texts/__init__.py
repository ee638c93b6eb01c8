"""The words of mails, and of the pages that they link to, in each language."""

from eventhub.languages import Language, current_language
from notifications.texts import de, en
from notifications.texts.placeholders import COMMON, PLACEHOLDERS, Wording, fill, find_problem
from notifications.texts.vocabulary import Vocabulary

__all__ = ["COMMON", "KINDS", "PLACEHOLDERS", "VOCABULARIES", "Wording", "fill", "find_problem", "words", "words_in"]

VOCABULARIES: dict[str, Vocabulary] = {Language.EN: en.VOCABULARY, Language.DE: de.VOCABULARY}
# The kinds of mails with words that an event may replace.
KINDS = tuple(en.VOCABULARY.defaults)


def words_in(language: str) -> Vocabulary:
    return VOCABULARIES[language]


def words() -> Vocabulary:
    """Return the words in the active language (`translation.override`)."""
    return VOCABULARIES[current_language()]
