"""English words."""

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

_FACTS = "When: {date}\nWhere: {place}"
_PAGE = "You can see your registration, add it to your calendar or cancel it here:\n\n{link}"
_CANCEL = "If you cannot come, please cancel, so that somebody else can have your seat:\n\n{link}"
_MARKED = "Register here: {link}\n\nYou get this because you marked the event as one of interest."
_CHECK = "Check that you copied the whole link, or open the one in your latest email."

VOCABULARY = Vocabulary(
    defaults={
        Kind.REGISTERED: Wording(
            "You are registered: {event}",
            f"Hello {{name}},\n\nYou have a seat at {{event}}.\n\n{_FACTS}\n\n{_PAGE}\n\n{{organizer}}",
        ),
        Kind.QUEUED: Wording(
            "You are on the waiting list: {event}",
            "Hello {name},\n\n{event} is full. You are number {position} on the waiting list. When it is your turn, you"
            f" get a seat at once, and we will write to you.\n\n{_FACTS}\n\n{_PAGE}\n\n{{organizer}}",
        ),
        Kind.SEATED: Wording(
            "You have a seat: {event}",
            "Hello {name},\n\nA seat has become free, and it is yours. You are no longer on the waiting list: you are"
            f" registered for {{event}}.\n\n{_FACTS}\n\n{_CANCEL}\n\n{{organizer}}",
        ),
        Kind.CANCELLED: Wording(
            "Your registration is cancelled: {event}",
            "Hello {name},\n\n{organizer} cancelled your registration for {event}.\n\n{reason}"
            f"\n\n{_FACTS}\n\n{{organizer}}",
        ),
        Kind.TICKET: Wording(
            "Your new ticket: {event}",
            "Hello {name},\n\nYou have a new ticket for {event}. The one you had is no longer valid: please show the"
            f" new one at the entrance.\n\n{_FACTS}\n\n{_PAGE}\n\n{{organizer}}",
        ),
        Kind.EVENT_CHANGED: Wording(
            "Changed: {event}",
            f"Hello {{name}},\n\nPlease note what has changed about {{event}}.\n\n{{changes}}\n\nIt now takes place as"
            f" follows.\n\n{_FACTS}\n\nYour registration is unchanged. {_PAGE}\n\n{{organizer}}",
        ),
        Kind.EVENT_CANCELLED: Wording(
            "Cancelled: {event}",
            f"Hello {{name}},\n\n{{event}} will not take place. It has been cancelled.\n\n{_FACTS}\n\n{{organizer}}",
        ),
        Kind.EVENT_REOPENED: Wording(
            "Takes place after all: {event}",
            "Hello {name},\n\n{event} had been cancelled, but takes place after all. Your registration is as it was."
            f"\n\n{_FACTS}\n\n{_PAGE}\n\n{{organizer}}",
        ),
        Kind.ANSWERS: Wording(
            "Please answer: {event}",
            "Hello {name},\n\nThe organizer of {event} has questions that you have not answered yet. You can answer"
            f" them here:\n\n{{link}}\n\n{_FACTS}\n\n{{organizer}}",
        ),
        Kind.REMINDER: Wording(
            "Reminder: {event}",
            f"Hello {{name}},\n\n{{event}} begins soon.\n\n{_FACTS}\n\n{_CANCEL}\n\n{{organizer}}",
        ),
    },
    receipts=Receipts(
        seat=Wording(
            "You gave your seat back: {event}",
            "Hello {name},\n\nYou gave your seat back: you are no longer registered for {event}."
            f"\n\n{_FACTS}\n\n{{organizer}}",
        ),
        queue=Wording(
            "You left the waiting list: {event}",
            f"Hello {{name}},\n\nYou are no longer on the waiting list for {{event}}.\n\n{_FACTS}\n\n{{organizer}}",
        ),
    ),
    of_interest={
        Kind.OPENED: Wording(
            "Registration is open: {event}",
            f"Hello {{name}},\n\nYou can now register for {{event}}.\n\n{_FACTS}\n\n{_MARKED}\n\n{{organizer}}",
        ),
        Kind.SEAT_FREE: Wording(
            "A seat is free: {event}",
            "Hello {name},\n\nA seat has become free at {event}. Whoever registers first gets it."
            f"\n\n{_FACTS}\n\n{_MARKED}\n\n{{organizer}}",
        ),
    },
    frame=Frame(
        questions="Questions about the event:",
        why="You are receiving this email because you are registered at {site}.",
        unsubscribe="Unsubscribe from these emails",
        button="See your registration",
        copy_link="Or copy this link into your browser:",
        online="Take part online:",
    ),
    digest=DigestWording(
        subject="Your events: {new} new, {cancelled} cancelled",
        hello="Hello {name},",
        intro="This is what happened at your events from {begins} to {ends}.",
        numbers=("New: {new}", "Cancelled: {cancelled}", "Waiting: {waiting}", "Seats taken: {taken} of {seats}"),
        others="And {number} more",
        why="You are receiving this summary because you chose it at {site}.",
        stop="Stop these summaries",
    ),
    values=Values(
        nothing="none",
        change="{field}: {now} (before: {before})",
        fields={
            "title": "Title",
            "date_time": "Begins",
            "end_time": "Ends",
            "time_zone": "Time zone",
            "location": "Place",
            "venue": "Venue",
            "address": "Address",
            "attendance": "Attendance",
        },
        attendance={"offline": "on site", "online": "online", "mixed": "on site and online"},
        link_changed="The online link has changed.",
        link_gone="There is no online link any more.",
    ),
    registration_page=RegistrationPage(
        name="Name",
        when="When",
        where="Where",
        organizer="Organizer",
        reason="Reason",
        add_to_calendar="Add to calendar",
        cancel="Cancel registration",
        leave_queue="Leave waiting list",
        cancel_closed="Cancelling was possible until {date}. Please write to the organizer if you cannot come.",
        online="Online",
        is_cancelled="Your registration is cancelled.",
        event_cancelled="The event is cancelled.",
        over="The event is over.",
        waiting="You are number {position} on the waiting list.",
        checked_in="You are checked in.",
        registered="You are registered.",
        answer="Answer questions",
        answer_these="Please answer these questions.",
        may_answer="You can answer these questions here.",
        change_these="You can change your answers here.",
        answers_until="Changes are possible until {date}.",
        answer_until="You can change this until {date}.",
        answer_closed="This can no longer be changed.",
        save_answers="Save answers",
        answers_saved="Thank you. Your answers are saved.",
        answers_closed="These answers can no longer be changed.",
        see_registration="See your registration",
    ),
    unsubscribe_page=UnsubscribePage(
        title="Unsubscribe",
        choose="Choose which emails you no longer want.",
        event="Messages about {event}",
        organizer="All messages from {organizer}",
        everything="Messages from all organizers",
        reminders="Reminders before events",
        digests="Summaries of your events",
        is_off="You are unsubscribed.",
        turn_off="Unsubscribe",
        undo="Undo",
        still="You will still get emails about your registrations, changes to their events, and your account.",
    ),
    invalid_link_page=InvalidLinkPage(
        title="This link is no longer valid",
        registration=f"Links stop working when the registration is deleted. {_CHECK}",
        account=f"Links stop working when the account is deleted. {_CHECK}",
    ),
)
