"""Delivery inside a web process, for TASKS_BACKEND=immediate: `make run` sends mails without a further process.

It wakes after a commit of its own process, and looks by itself for the changes of others, and for reminders. Several
processes may do so at once: the rows that they lock divide the work.
"""

import atexit
import logging
import threading

from django.conf import settings
from django.db import connections

from eventhub import tasks
from notifications.services.delivery import Delivery
from notifications.services.mail_queue import ServerUnreachable

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS, SECONDS_ASLEEP, SECONDS_UNREACHABLE, SECONDS_TO_FINISH = 1, 10, 30, 10

_stop = threading.Event()
_thread: threading.Thread | None = None


def start() -> None:
    """Start the thread where the settings ask for it. A forked process needs its own."""
    global _thread
    if not settings.NOTIFICATIONS or not settings.TASKS["default"]["BACKEND"].endswith("InProcessBackend"):
        return
    _thread = threading.Thread(target=_work, name="notifications", daemon=True)
    _thread.start()


@atexit.register
def finish() -> None:
    """End after the mail in hand."""
    _stop.set()
    tasks.work_waits.set()
    if _thread is not None:
        _thread.join(SECONDS_TO_FINISH)


def _work() -> None:
    delivery = Delivery(should_stop=_stop.is_set)
    while not _stop.is_set():
        pause = SECONDS_BETWEEN_LOOKS
        try:
            delivery.run()
        except ServerUnreachable as problem:
            logger.warning("The mail server cannot be reached (%s); mails wait.", problem)
            pause = SECONDS_UNREACHABLE
        except Exception:  # the thread goes on
            logger.exception("Delivery broke")
            pause = SECONDS_UNREACHABLE
        finally:
            connections.close_all()
        _stop.wait(pause)
        tasks.work_waits.wait(SECONDS_ASLEEP)
        tasks.work_waits.clear()
