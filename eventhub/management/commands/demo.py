from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from checkin import demo as doors
from eventhub.exceptions import UserExists
from eventhub.management.arguments import integer_argument
from events import demo as teams
from events.models import Event
from notifications import demo as emails
from registrations.demo import questions, series, story
from registrations.demo.progress import Progress


class Command(BaseCommand):
    help = (
        "Fills an empty database with demo data: 40 events in all states around today, one of them weekly, waiting"
        " lists, and 2,000 attendees. The same seed gives the same data on the same day. Do not use it on a public"
        " service: the password of the admin is public."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--seed", type=integer_argument, default=1, help="number that selects the random data (default: 1)"
        )
        filled = parser.add_mutually_exclusive_group()
        filled.add_argument("--if-empty", action="store_true", help="do nothing if there are users or events")
        filled.add_argument("--force", action="store_true", help="add the demo data to existing users and events")

    def handle(self, *args: Any, **options: Any) -> None:
        empty = not (User.objects.exists() or Event.objects.exists())
        if not empty and options["if_empty"]:
            self.stdout.write("The database is not empty. No demo data was added.")
            return
        if not empty and not options["force"]:
            raise CommandError("The database is not empty. Use --force to add the demo data anyway.")
        demo = story.draw(seed=options["seed"], now=timezone.now())
        try:
            story.write(demo, wrote=Progress(self.stdout, demo.size).advance)
        except UserExists:
            raise CommandError(
                f"Nothing was added: the username or address of {', '.join(username for username, _ in _hosts(demo))}"
                " or of an attendee already exists."
            ) from None
        questions.write(demo.events, seed=options["seed"])
        emails.write(demo.sold_out, demo.events)
        teams.write(demo.sold_out, helper=demo.busiest.account, others=demo.cast.accounts)
        self.stdout.write(_summary(demo))
        series.write(demo.events)
        if at := doors.write(demo.events):
            self.stdout.write(_how_to_scan(at))


def _summary(demo: story.Demo) -> str:
    cast, guest = demo.cast, demo.busiest
    rows = f"{len(cast.accounts):,} accounts, {len(demo.events)} events, {len(demo.registrations):,} registrations"
    people = [*_hosts(demo), (guest.account.username, f"attendee: {guest.name}")]
    width = max(len(username) for username, _ in people)
    lines = [f"  {username:{width}}  {who}" for username, who in people]
    return "\n".join([f"The demo is ready: {rows}.", f'Sign in with the password "{cast.password}" as', *lines])


def _how_to_scan(at: doors.DoorDemo) -> str:
    line = f"{at.event.title} is on now. Scan tickets at {at.scan_page}"
    return f"{line}\nand try it with {at.ticket}" if at.ticket else line


def _hosts(demo: story.Demo) -> list[tuple[str, str]]:
    organizers = [(profile.user.username, f"organizer: {profile.name}") for profile in demo.cast.profiles]
    return [(demo.cast.admin.username, "admin"), *organizers]
