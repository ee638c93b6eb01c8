from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from eventhub.exceptions import CapacityBelowTaken, EventNotFound
from events.models import Event
from registrations.services.seat_audit import find_faults, repair
from registrations.triggers import missing_triggers


class Command(BaseCommand):
    help = (
        "Holds the counts and the queue of every event against its registrations, and prints a line for each event"
        " that differs. Exits with 1 where something is wrong and stays wrong, else with 0. Safe beside a running"
        " service, and to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="count again, and give free seats to those who wait, in order"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        missing = missing_triggers()
        if missing:
            self.stdout.write(f"Seat triggers are missing: {', '.join(missing)}. Run migrate.")
            if options["repair"]:
                raise CommandError("Nothing was repaired: it is the triggers that count.")
        found = wrong = 0
        for event_id, problem in find_faults():
            found += 1
            self.stdout.write(f"Event {event_id}: {problem}")
            if not (options["repair"] and self._repair(event_id)):
                wrong += 1
        if wrong:
            raise CommandError(f"Events that are wrong: {wrong}.")
        if missing:
            raise CommandError("Every count is right, and nothing keeps it so.")
        again = f" again. Events that were wrong: {found}" if found else ""
        self.stdout.write(f"All is well{again}. Events checked: {Event.objects.count():,}.")

    def _repair(self, event_id: int) -> bool:
        """Whether the event is right now; says what was done."""
        try:
            seated = repair(event_id=event_id)
        except CapacityBelowTaken:
            self.stdout.write(f"Event {event_id}: not repaired; add seats or cancel registrations, and repair again")
            return False
        except EventNotFound:
            self.stdout.write(f"Event {event_id}: deleted meanwhile")
            return True
        self.stdout.write(f"Event {event_id}: repaired; given a seat from the queue: {seated}")
        return True
