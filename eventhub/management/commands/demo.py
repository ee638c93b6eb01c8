from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from eventhub.exceptions import UserExists
from events.models import Event
from registrations.demo import story
from registrations.demo.progress import Progress


class Command(BaseCommand):
    help = (
        "Fills an empty database with a programme to look at: 40 events in all states, full houses with queues, and"
        " 2,000 attendees, around today. The same seed gives the same rows on the same day. All or nothing. Not for a"
        " service on the internet: everybody knows the password of its admin."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="another number gives another crowd (default: 1)")
        filled = parser.add_mutually_exclusive_group()
        filled.add_argument("--if-empty", action="store_true", help="do nothing where there are users or events")
        filled.add_argument("--force", action="store_true", help="add the demo to the users and events that are there")

    def handle(self, *args: Any, **options: Any) -> None:
        empty = not (User.objects.exists() or Event.objects.exists())
        if not empty and options["if_empty"]:
            self.stdout.write("The database is not empty: no demo.")
            return
        if not empty and not options["force"]:
            raise CommandError("The database is not empty. With --force the demo is added to what is there.")
        demo = story.draw(seed=options["seed"], now=timezone.now())
        try:
            story.write(demo, wrote=Progress(self.stdout, demo.size).advance)
        except UserExists:
            raise CommandError(
                f"Nothing was added: {', '.join(username for username, _ in _hosts(demo))} or one of the attendees"
                " is there already, by username or address."
            ) from None
        self.stdout.write(_summary(demo))


def _summary(demo: story.Demo) -> str:
    """What there is now, and how to sign in."""
    cast, guest = demo.cast, demo.busiest
    rows = f"{len(cast.accounts):,} accounts, {len(demo.events)} events, {len(demo.registrations):,} registrations"
    people = [*_hosts(demo), (guest.account.username, f"attendee: {guest.name}")]
    width = max(len(username) for username, _ in people)
    lines = [f"  {username:{width}}  {who}" for username, who in people]
    return "\n".join([f"The demo is ready: {rows}.", f'Sign in with the password "{cast.password}" as', *lines])


def _hosts(demo: story.Demo) -> list[tuple[str, str]]:
    """The usernames that are the same in every demo, and who they are."""
    organizers = [(profile.user.username, f"organizer: {profile.name}") for profile in demo.cast.profiles]
    return [(demo.cast.admin.username, "admin"), *organizers]
