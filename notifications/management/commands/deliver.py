import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections

from notifications.services.delivery import Delivery
from notifications.services.mail_queue import ServerUnreachable

SECONDS_BETWEEN_LOOKS, SECONDS_AFTER_A_PROBLEM = 1, 30


class Command(BaseCommand):
    help = (
        "Mails attendees and organizers about registrations and events, until SIGTERM or Ctrl-C. With --once, for cron,"
        " it sends all due emails and ends; the exit status is 1 if the mail server cannot be reached. Several may run"
        " at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NOTIFICATIONS:
            self.stderr.write("Nothing is sent: NOTIFICATIONS is off.")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        delivery = Delivery(should_stop=stop.is_set)
        while not stop.is_set():
            pause = SECONDS_BETWEEN_LOOKS
            try:
                done = delivery.run()
            except ServerUnreachable as problem:
                sentence = f"The mail server cannot be reached ({problem}); mails wait."
                if options["once"]:
                    raise CommandError(sentence) from None
                self.stderr.write(sentence)
                pause = SECONDS_AFTER_A_PROBLEM
            except DatabaseError as problem:  # such as a restart of the database
                if options["once"]:
                    raise
                self.stderr.write(f"The database refused ({type(problem).__name__}); trying again.")
                connections.close_all()
                pause = SECONDS_AFTER_A_PROBLEM
            else:
                if options["once"]:
                    self.stdout.write(f"Done: {done} notices.")
                    return
            stop.wait(pause)
