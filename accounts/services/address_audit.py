"""Find accounts whose address is not canonical, and accounts that share a mailbox."""

from collections.abc import Iterator

from accounts.email_addresses import normalize_email
from accounts.models import User
from accounts.services.placeholder_accounts import find_accounts


def find_doubles() -> Iterator[tuple[str, list[int]]]:
    """Yield each canonical address that differs from a stored one, with the ids of its accounts."""
    found: dict[str, list[int]] = {}
    accounts = User.objects.order_by("pk").values_list("pk", "email")
    for pk, email in accounts.iterator():
        if (address := normalize_email(email)) != email:
            found.setdefault(address, []).append(pk)
    others = find_accounts(found)
    for address, ids in sorted(found.items()):
        yield address, sorted({*ids, *([others[address]] if address in others else [])})
