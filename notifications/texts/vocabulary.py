"""What each language has words for. Whoever adds something here must say it in every language."""

from collections.abc import Mapping
from typing import NamedTuple

from notifications.texts.placeholders import Wording


class Frame(NamedTuple):
    """What all mails share."""

    questions: str
    why: str
    unsubscribe: str
    button: str
    copy_link: str
    online: str


class Receipts(NamedTuple):
    """For people who cancelled themselves: an event's own words are for those whom the organizer cancelled."""

    seat: Wording
    queue: Wording


class Values(NamedTuple):
    """What may stand for a placeholder."""

    nothing: str
    change: str
    fields: Mapping[str, str]
    attendance: Mapping[str, str]
    link_changed: str
    link_gone: str


class RegistrationPage(NamedTuple):
    """The page that mails link to."""

    name: str
    when: str
    where: str
    organizer: str
    reason: str
    add_to_calendar: str
    cancel: str
    leave_queue: str
    cancel_closed: str
    online: str
    is_cancelled: str
    event_cancelled: str
    over: str
    waiting: str
    checked_in: str
    registered: str
    answer: str
    answer_these: str
    may_answer: str
    change_these: str
    answers_until: str
    answer_until: str
    answer_closed: str
    save_answers: str
    answers_saved: str
    answers_closed: str
    see_registration: str


class UnsubscribePage(NamedTuple):
    title: str
    choose: str
    event: str
    organizer: str
    everything: str
    reminders: str
    digests: str
    is_off: str
    turn_off: str
    undo: str
    still: str


class InvalidLinkPage(NamedTuple):
    title: str
    registration: str
    account: str


class DigestWording(NamedTuple):
    """Summaries for organizers. `numbers` are those of one event."""

    subject: str
    hello: str
    intro: str
    numbers: tuple[str, ...]
    others: str
    why: str
    stop: str


class Vocabulary(NamedTuple):
    defaults: Mapping[str, Wording]
    receipts: Receipts
    # For people who marked an event. Not an event's own words: they have not registered.
    of_interest: Mapping[str, Wording]
    frame: Frame
    digest: DigestWording
    values: Values
    registration_page: RegistrationPage
    unsubscribe_page: UnsubscribePage
    invalid_link_page: InvalidLinkPage
