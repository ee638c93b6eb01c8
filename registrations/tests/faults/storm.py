"""People who register, queue and cancel all at once while something breaks, and remember what they were told."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from eventhub.testing.prepared_service import BACK_SECONDS, Answer, Service, refused


class Storm:
    """A thread for each person, on a few events that nobody else touches. `answers` counts statuses, and the codes of
    refusals."""

    def __init__(self, service: Service) -> None:
        self.service, self.events = service, service.database.events(20)
        self.answers: Counter[Any] = Counter()
        self.told: dict[int, set[str]] = {}  # by attendee_id the statuses that it may have, as far as its person knows
        self.surprises: list[Any] = []  # what nobody may be answered, and who was left hanging
        self.hung_up = 0
        self._lock = threading.Lock()
        self._is_over = threading.Event()

    @contextmanager
    def raging(self):
        """While the block runs; it begins when everybody has been answered something."""
        people = range(len(self.service.database.people))
        threads = [threading.Thread(target=self._wander, args=(number,)) for number in people]
        for thread in threads:
            thread.start()
        try:
            self.go_on(answers=5 * len(threads))
            yield self
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join()
            self.service.hang_up()

    def go_on(self, answers: int) -> None:
        """Until so many more requests were answered well."""
        wanted = self._good() + answers
        deadline = time.monotonic() + BACK_SECONDS
        while self._good() < wanted and not self.surprises:
            assert time.monotonic() < deadline, f"the storm has died down: {self.answers}"
            time.sleep(0.02)

    def until_refused(self, times: int, meanwhile: Callable[[], Any]) -> None:
        """Does something again and again until so many requests were refused."""
        deadline = time.monotonic() + BACK_SECONDS
        while self.answers["unavailable"] < times and not self.surprises:
            assert time.monotonic() < deadline, f"nobody is refused: {self.answers}"
            meanwhile()

    def holds(self, *, may_hang_up: bool = False) -> None:
        """No answer but the contract's, nobody left hanging, and rules 1 to 4."""
        assert self.surprises == [], self.surprises
        assert may_hang_up or self.hung_up == 0
        rows = self.service.database.query("SELECT id, status FROM registrations_registration")
        kept = dict(rows)
        assert [pk for pk, statuses in self.told.items() if kept.get(pk) not in statuses] == []
        self.service.database.holds()

    def _good(self) -> int:
        return sum(count for key, count in self.answers.items() if key != "unavailable")

    def _wander(self, number: int) -> None:
        chance, client, mine = random.Random(number), self.service.client(number), []
        while not self._is_over.is_set():
            attendee = chance.choice(mine) if mine and chance.random() < 0.3 else None
            try:
                if attendee is not None:
                    self.told[attendee] = {"registered", "waitlisted", "cancelled"}
                    answer = client.send("PATCH", f"/attendees/{attendee}", {"status": "cancelled"})
                else:
                    body = {
                        "event_id": chance.choice(self.events),
                        "status": chance.choice(["registered", "waitlisted"]),
                    }
                    answer = client.send("POST", "/attendees/", body)
            except TimeoutError:
                self.surprises.append("left hanging")
                return
            except ConnectionError:
                with self._lock:
                    self.hung_up += 1
                self._is_over.wait(0.1)
                continue
            self._remember(answer, attendee, mine)

    def _remember(self, answer: Answer, attendee: int | None, mine: list[int]) -> None:
        with self._lock:
            self.answers[answer.body.get("code", answer.status)] += 1
        if answer.status == 201:
            new = answer.body["attendee_id"]
            mine.append(new)
            self.told[new] = {"registered"} if answer.body["status"] == "registered" else {"registered", "waitlisted"}
        elif answer.status == 200:
            self.told[attendee] = {"cancelled"}
            mine.remove(attendee)
        elif refused(answer):
            self._is_over.wait(0.1)
        elif answer.status != 409:
            self.surprises.append(answer)
