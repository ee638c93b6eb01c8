from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import OrganizerProfile, Role, User
from accounts.services import accounts
from accounts.services.accounts import AccountChanges
from accounts.services.deletion import delete_accounts, delete_sessions
from eventhub import audit
from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.db.batches import by_range
from eventhub.db.retry import ATTEMPTS, retried
from eventhub.exceptions import HasEvents, Unavailable
from eventhub.observability.security_log import Occasion, note
from events.models import Event
from events.services.team import forget_address
from registrations.models import GuestRequest, Registration
from registrations.services.retention import anonymize
from registrations.services.seats import serve_queue
from registrations.services.status_changes import StatusChange, announce


@retried
def change_account(
    *, account: User, by: User, changes: AccountChanges, condition: Precondition = UNCONDITIONAL
) -> User:
    """Change an account; a new password or address needs `accounts.require_reauthentication` first.

    Raise what `accounts.apply_changes` raises, and HasEvents where an organizer with registrations gives up the role.
    """
    changes = accounts.validate_changes(account=account, by=by, changes=changes)
    with transaction.atomic():
        if changes.get("role") == Role.USER:
            list(Event.objects.select_for_update(no_key=True).filter(organizer=account).order_by("pk").values("pk"))
            _refuse_with_registrations(account)
        if not changes and condition == UNCONDITIONAL:
            return account
        return accounts.apply_changes(account_id=account.pk, changes=changes, condition=condition)


def delete_account(*, account_id: int, condition: Precondition = UNCONDITIONAL, now: datetime | None = None) -> None:
    """Delete an account, its events, and its registrations for future events; past ones are anonymized.

    Starts again when a registration arrives before all events are locked. Raise HasEvents where its events have
    registrations, LastAdmin, UserNotFound or PreconditionFailed.
    """
    has_organized = OrganizerProfile.objects.filter(user=account_id).exists()
    for _ in range(ATTEMPTS):
        if account := _delete(account_id, condition, now or timezone.now()):
            delete_sessions(account)
            if has_organized:
                _delete_history(account_id)
            note(Occasion.ACCOUNT_ERASED, user_id=account_id, by=audit.actor_id())
            return
    raise Unavailable()


@retried
def _delete(account_id: int, condition: Precondition, now: datetime) -> User | None:
    """Return the account, or None where a registration arrived during locking."""
    with transaction.atomic():
        # Two queries: for one with OR, PostgreSQL joins all events with all registrations.
        ids = set(Event.objects.filter(organizer=account_id).values_list("pk", flat=True))
        ids.update(Registration.objects.filter(user=account_id).values_list("event_id", flat=True))
        locked = {event.pk: event for event in Event.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
        account = accounts.lock_account(account_id)
        condition.require(account)
        held = Registration.objects.filter(user=account)
        statuses: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for event_id, pk, status in held.values_list("event_id", "pk", "status"):
            statuses[event_id].append((pk, status))
        if not statuses.keys() <= locked.keys():
            return None
        accounts.refuse_last_admin(account)
        _refuse_with_registrations(account)
        past = [pk for pk, event in locked.items() if event.is_over(now)]
        anonymize(held.filter(event__in=past))
        held.delete()
        for event in Event.objects.filter(pk__in=locked.keys() - set(past)).order_by("pk"):
            announce(StatusChange(pk, event.pk, status, None) for pk, status in statuses[event.pk])
            serve_queue(event, now=now)
        GuestRequest.objects.filter(email=account.email).delete()
        Event.objects.filter(organizer=account).delete()
        forget_address(account.email)
        delete_accounts([account.pk])
        return account


def _delete_history(organizer_id: int) -> None:
    """Delete the history of deleted events whose last organizer this was."""
    history = Event.history.model.objects
    is_gone = ~Exists(Event.objects.filter(pk=OuterRef("id")).order_by())
    deletions = history.filter(is_gone, organizer=organizer_id, history_type="-")
    for events in by_range(deletions.values_list("id", flat=True)):
        history.filter(id__in=events).delete()


def _refuse_with_registrations(organizer: User) -> None:
    if Registration.objects.filter(event__organizer=organizer).exists():
        raise HasEvents()
