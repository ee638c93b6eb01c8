from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from eventhub.exceptions import CapacityBelowTaken, EventNotFound
from events.models import Event
from registrations.services.seat_audit import find_faults, repair
from registrations.triggers import missing_triggers


class Command(BaseCommand):
    help = (
        "Compares the counts and the waiting list of every event with its registrations and prints each difference."
        " The exit status is 1 if something is wrong and was not repaired. Safe to run at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="correct the counts and give free seats to the waiting list"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        missing = missing_triggers()
        if missing:
            self.stdout.write(f"Seat triggers are missing: {', '.join(missing)}. Run migrate.")
            if options["repair"]:
                raise CommandError("Nothing was repaired: repairing needs the triggers.")
        found = wrong = 0
        for event_id, problem in find_faults():
            found += 1
            self.stdout.write(f"Event {event_id}: {problem}")
            if not (options["repair"] and self._repair(event_id)):
                wrong += 1
        if wrong:
            raise CommandError(f"Events with errors: {wrong}.")
        if missing:
            raise CommandError("All counts are correct, but without triggers they will not stay correct.")
        repaired = f" Events repaired: {found}." if found else ""
        self.stdout.write(f"All counts are correct.{repaired} Events checked: {Event.objects.count():,}.")

    def _repair(self, event_id: int) -> bool:
        try:
            seated = repair(event_id=event_id)
        except CapacityBelowTaken:
            self.stdout.write(f"Event {event_id}: not repaired. Add seats or cancel registrations, then repair again.")
            return False
        except EventNotFound:
            self.stdout.write(f"Event {event_id}: deleted in the meantime")
            return True
        self.stdout.write(f"Event {event_id}: repaired; seats given to the waiting list: {seated}")
        return True
