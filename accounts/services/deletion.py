from collections.abc import Collection, Iterator

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.idempotency import store
from accounts.models import User
from eventhub import tasks
from eventhub.db.batches import by_key


def delete_accounts(ids: Collection[int]) -> None:
    """Delete accounts without events and registrations, and rows that no cascade reaches."""
    OutstandingToken.objects.filter(user__in=ids).delete()
    tasks.forget_about(ids, module="accounts.mails")
    store.forget_people(ids)
    User.objects.filter(pk__in=ids).delete()


def iter_sessions(account_id: int) -> Iterator[Session]:
    for session in by_key(Session.objects.all()):
        if session.get_decoded().get(SESSION_KEY) == str(account_id):
            yield session


def delete_sessions(account: User) -> None:
    Session.objects.filter(pk__in=[session.pk for session in iter_sessions(account.pk)]).delete()
