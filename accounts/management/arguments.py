"""What commands are told about accounts."""

from django.core.management.base import CommandError

from accounts.models import User


def named_account(username: str) -> User:
    """The account of that name, in any case. CommandError where there is none."""
    try:
        return User.objects.get_by_natural_key(username)
    except User.DoesNotExist:
        raise CommandError(f"{username}: There is no such account.") from None
