"""What goes with an account. What that means for its events and registrations is in
registrations/services/account_deletion.py."""

from collections.abc import Collection, Iterator

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.models import User
from eventhub import tasks
from eventhub.db.batches import by_key


def delete_accounts(ids: Collection[int]) -> None:
    """Deletes accounts that have no event and no registration, with all that is only theirs, in the caller's
    transaction. Refresh tokens would stay, without their owner, and mails that could not be sent."""
    OutstandingToken.objects.filter(user__in=ids).delete()
    tasks.forget_about(ids, module="accounts.mails")
    User.objects.filter(pk__in=ids).delete()


def iter_sessions(account_id: int) -> Iterator[Session]:
    """The account's sessions of the back office. Only what is in a session says whose it is: all of them are read."""
    for session in by_key(Session.objects.all()):
        if session.get_decoded().get(SESSION_KEY) == str(account_id):
            yield session


def delete_sessions(account: User) -> None:
    """Of an account that has just been removed: its sessions, with what had been typed in them."""
    Session.objects.filter(pk__in=[session.pk for session in iter_sessions(account.pk)]).delete()
