from django.core.management.base import CommandError

from accounts.models import User


def named_account(username: str) -> User:
    try:
        return User.objects.get_by_natural_key(username)
    except User.DoesNotExist:
        raise CommandError(f"No account named {username}.") from None
