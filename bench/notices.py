"""Telling the attendees of a cancelled event: `python -m bench notices --people 50000`.

Compares the request that cancels an event with many attendees with one that cancels an empty event, and measures how
long the notices take to make and to send to a mail server on this machine. Exits 1 where the request costs more than
MOST_RATIO of the other, a notice is missing, or a confirmation that is caused meanwhile does not overtake the others.
"""

import time
from argparse import Namespace
from collections.abc import Sequence
from statistics import median

from django.db import connection

from bench import rows
from bench.in_process import fetch
from bench.requests import token
from eventhub.testing.mailbox import mail_server
from notifications.models import Notice, State
from notifications.services import fan_outs, log_reader, mail_queue

ATTENDEES = """
INSERT INTO registrations_registration (event_id, user_id, status, name, contact_details, registration_date, updated_at)
SELECT %s, id, 'registered', username, '', now(), now() FROM accounts_user WHERE id > %s AND id <= %s"""
LARGE, EMPTY, OTHER = rows.FIRST_HOT_EVENT, rows.FIRST_HOT_EVENT + 1, rows.FIRST_HOT_EVENT + 2
MAILS = 500
MOST_RATIO = 1.1


def run(options: Namespace) -> int:
    """Print what it takes. Return the exit code."""
    loaded = rows.load(people=options.people + 1, hot_events=3, queues=0)
    first = loaded.people.start
    with connection.cursor() as cursor:
        cursor.execute(ATTENDEES, [LARGE, first, first + options.people])
    for log in log_reader.LOGS:
        log_reader.read(log)
    cancelling = time_cancelling((EMPTY, LARGE), options.rounds)
    ratio = cancelling[LARGE] / cancelling[EMPTY]
    large = f"{cancelling[LARGE] * 1000:.1f} ms with {options.people:,} attendees"
    print(f"cancelling: {large}, {ratio:.2f} of an empty event")
    started = time.perf_counter()
    read()
    while fan_outs.expand_next():
        pass
    made = Notice.objects.count()
    print(f"making {made:,} notices: {time.perf_counter() - started:.1f} s")
    with mail_server() as mailbox:
        started = time.perf_counter()
        while Notice.objects.filter(state=State.SENT).count() < MAILS:
            mail_queue.send_next()
        print(f"sending: {MAILS / (time.perf_counter() - started):.0f} mails a second")
        fetch("POST", "/attendees/", token(first), {"event_id": OTHER}, status=201)
        read()
        mail_queue.send_next()
        overtook = f"person-{first}@example.org" in mailbox.recipients[: MAILS + mail_queue.AT_ONCE]
    print(f"a confirmation that is caused meanwhile is {'among the next mails' if overtook else 'late'}")
    return 0 if ratio <= MOST_RATIO and made == options.people and overtook else 1


def cancel(event: int) -> None:
    organizer = token(rows.organizer_of(event))
    fetch("PATCH", f"/events/{event}", organizer, {"status": "cancelled"})


def time_cancelling(events: Sequence[int], rounds: int) -> dict[int, float]:
    """Return the median seconds for each event. Between two, all are made as they were, past the service."""
    seconds: dict[int, list[float]] = {event: [] for event in events}
    for number in range(rounds + 1):
        for event in events:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE events_event SET status = 'upcoming' WHERE status = 'cancelled'")
                cursor.execute("DELETE FROM events_eventchange")
            started = time.perf_counter()
            cancel(event)
            if number:  # the first round warms up
                seconds[event].append(time.perf_counter() - started)
    return {event: median(each) for event, each in seconds.items()}


def read() -> None:
    for log in log_reader.LOGS:
        while log_reader.read(log):
            pass
