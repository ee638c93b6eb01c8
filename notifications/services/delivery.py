"""The rounds of delivery: read the logs, make notices, send them. `manage.py deliver` and a thread call them."""

import time
from collections.abc import Callable

from django.conf import settings

from notifications.services import digests, fan_outs, interest_notices, log_reader, mail_queue, messages, reminders

SECONDS_BETWEEN_REMINDERS = 60


class Delivery:
    """Rounds of one process. `should_stop` ends a round after the mail in hand."""

    def __init__(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        self.should_stop = should_stop
        self._reminders_at = float("-inf")
        self._has_digests = False

    def run(self) -> int:
        """Do what is due, and return how many notices were sent or given up. Raise ServerUnreachable.

        The logs are read before each batch of mails, so that a confirmation does not wait for a thousand mails about
        another event.
        """
        done = 0
        if not settings.NOTIFICATIONS:
            return done
        log_reader.adopt_restored_logs()
        mail_queue.take_up_lost()
        while not self.should_stop():
            self.make_notices()
            sent = mail_queue.send_next(should_stop=self.should_stop)
            done += sent
            if not sent:
                messages.note_ends()
                break
        return done

    def make_notices(self) -> None:
        for log in log_reader.LOGS:
            while not self.should_stop() and log_reader.read(log) == log_reader.READ_AT_ONCE:
                pass
        if time.monotonic() - self._reminders_at >= SECONDS_BETWEEN_REMINDERS:
            self._reminders_at = time.monotonic()
            reminders.start_reminders()
            interest_notices.start_interest_notices()
            self._has_digests = True
        if self._has_digests:
            self._has_digests = digests.make_digests() == digests.AT_ONCE
        while not self.should_stop() and fan_outs.expand_next():
            pass
