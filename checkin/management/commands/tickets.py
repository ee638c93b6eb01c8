from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from checkin.models import TicketKey
from checkin.services import ticket_keys


class Command(BaseCommand):
    help = "Lists the versions of the key that ticket codes are made with. The newest signs, all verify."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rotate-key", action="store_true", help="make a new version; tickets made with older ones stay good"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rotate_key"]:
            ticket_keys.rotate()
        for key in TicketKey.objects.all():
            self.stdout.write(f"{key.version} since {key.since:%Y-%m-%d %H:%M} UTC")
        if not TicketKey.objects.exists():
            self.stdout.write("There is no key yet. The first ticket makes one.")
