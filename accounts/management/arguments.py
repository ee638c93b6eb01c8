from django.core.management.base import CommandError

from accounts.models import User


def named_account(username: str) -> User:
    """Return the account with this username in any case, or raise CommandError."""
    try:
        return User.objects.get_by_natural_key(username)
    except User.DoesNotExist:
        raise CommandError(f"No account named {username}.") from None
