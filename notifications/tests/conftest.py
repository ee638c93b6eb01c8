from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from eventhub.testing.concurrency import wait_for_others
from notifications import mails
from notifications.models import Notice
from notifications.services import log_reader
from notifications.services.delivery import Delivery


@pytest.fixture(autouse=True)
def no_second_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a mail at once, not in the second after the change that it is about. One test waits: that of its stamp."""
    monkeypatch.setattr(mails, "sleep", lambda seconds: None)


@pytest.fixture
def listening(db: None) -> None:
    """Begin to read the logs: what follows is told."""
    for log in log_reader.LOGS:
        log_reader.read(log)


@pytest.fixture
def deliver(listening: None) -> Callable[..., list[tuple[str, str, str]]]:
    """Deliver all that is due, and return all notices: the person, what it is about, and what became of it."""

    def run() -> list[tuple[str, str, str]]:
        wait_for_others()
        Delivery().run()
        return list(Notice.objects.order_by("pk").values_list("user__username", "kind", "state"))

    return run


@pytest.fixture
def later() -> Callable[..., Any]:
    """Move the clock of this process: `with later(minutes=6): ...`."""
    return lambda **ahead: time_machine.travel(timezone.now() + timedelta(**ahead))
