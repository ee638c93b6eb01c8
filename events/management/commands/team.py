from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.management.arguments import named_account
from eventhub.exceptions import Refusal
from eventhub.management.arguments import integer_argument
from events.models import Event, TeamRole
from events.services import team


class Command(BaseCommand):
    help = "Lists the team of an event, adds a person to it without an invitation, or takes one out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("event_id", metavar="EVENT", type=integer_argument)
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--list", action="store_true", help="print the members and the open invitations")
        what.add_argument("--add", metavar="USERNAME", help="add this person, or give them the role")
        what.add_argument("--remove", metavar="USERNAME", help="take this person out of the team")
        parser.add_argument("--role", choices=TeamRole.values, default=TeamRole.HELPER.value, help="default: helper")

    def handle(self, *args: Any, **options: Any) -> None:
        event = Event.objects.select_related("organizer").filter(pk=options["event_id"]).first()
        if event is None:
            raise CommandError("There is no such event.")
        try:
            self._change(event, options)
        except Refusal as refusal:
            raise CommandError(f"{refusal}.") from None
        found = team.team_of(event)
        for member in found.members:
            self.stdout.write(f"{member.role}: {member.user.username}")
        for invitation in found.invitations:
            self.stdout.write(f"{invitation.role}: {invitation.email} (invited)")

    def _change(self, event: Event, options: dict[str, Any]) -> None:
        if username := options["add"]:
            team.add_member(event=event, user=named_account(username), role=options["role"], by=None)
        elif username := options["remove"]:
            membership = event.memberships.filter(user=named_account(username)).first()
            if membership is None:
                raise CommandError(f"{username} is not in the team.")
            team.remove(membership=membership, by=None)
