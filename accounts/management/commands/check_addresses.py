from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.services.address_audit import find_doubles


class Command(BaseCommand):
    help = (
        "Lists accounts that share a mailbox under different spellings, such as a domain with and without Punycode, and"
        " accounts whose address is not stored in its canonical form. The exit status is 1 if there are any. Changes"
        " nothing: decide which account stays, and delete the other in the back office."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for address, ids in find_doubles():
            count += 1
            if len(ids) > 1:
                self.stdout.write(f"{address}: accounts {', '.join(map(str, ids))} share this address.")
            else:
                self.stdout.write(f"{address}: account {ids[0]} has it in another spelling. Save the address again.")
        if count:
            raise CommandError(f"Addresses to look at: {count}.")
        self.stdout.write(f"Every address is canonical. Accounts checked: {User.objects.count():,}.")
