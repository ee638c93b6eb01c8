"""What changing or deleting an account means for events and seats."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import OrganizerProfile, Role, User
from accounts.services import accounts
from accounts.services.accounts import AccountChanges
from accounts.services.deletion import remove_accounts, remove_traces
from eventhub import audit
from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.db.batches import by_range
from eventhub.db.retry import ATTEMPTS, retried
from eventhub.exceptions import HasEvents, Unavailable
from eventhub.observability.security_log import Occasion, note
from events.models import Event
from registrations.models import Registration
from registrations.services.retention import forget
from registrations.services.seats import serve_queue


@retried
def change_account(
    *, account: User, by: User, changes: AccountChanges, condition: Precondition = UNCONDITIONAL
) -> User:
    """Changes an account as accounts.services.accounts allows; a new password or address asks
    `rules.require_sign_in` first.

    PreconditionFailed where it is not as `condition` says. HasEvents for an organizer who stops being one while their
    events have registrations: those would have nobody to run them.
    """
    changes = accounts.check_changes(account=account, by=by, changes=changes)
    with transaction.atomic():
        if changes.get("role") == Role.USER:
            list(Event.objects.select_for_update(no_key=True).filter(organizer=account).order_by("pk").values("pk"))
            _refuse_with_registrations(account)
        if not changes and condition == UNCONDITIONAL:
            return account
        return accounts.apply_changes(account_id=account.pk, changes=changes, condition=condition)


def erase_account(*, account_id: int, condition: Precondition = UNCONDITIONAL, now: datetime | None = None) -> None:
    """Deletes an account. Its registrations for events to come go, and their seats to the queues; those of past events
    stay, without the person. Events that it organizes go where nobody has registered for them, with their history. Its
    sign-ins and tokens, its second factor, what it did in the back office and its sessions there go with it; what it
    did to the events and registrations of others stays, as the deed of a number that leads to nobody.

    HasEvents where somebody has, LastAdmin, UserNotFound, PreconditionFailed where the account is not as `condition`
    says. Events are locked before accounts, here as everywhere; a registration for one more event that arrives in
    between is found by looking again.
    """
    has_organized = OrganizerProfile.objects.filter(user=account_id).exists()
    for _ in range(ATTEMPTS):
        if account := _erase(account_id, condition, now or timezone.now()):
            remove_traces(account)
            if has_organized:
                _forget_gone_events(account_id)
            note(Occasion.ACCOUNT_ERASED, user_id=account_id, by=audit.actor_id())
            return
    raise Unavailable()


@retried
def _erase(account_id: int, condition: Precondition, now: datetime) -> User | None:
    """The account that is no more; None, with nothing done, where a registration came in while the events were being
    locked."""
    with transaction.atomic():
        # Asked for one by one: for both at once PostgreSQL joins all events with all registrations.
        ids = set(Event.objects.filter(organizer=account_id).values_list("pk", flat=True))
        ids.update(Registration.objects.filter(user=account_id).values_list("event_id", flat=True))
        locked = {event.pk: event for event in Event.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
        account = accounts.lock_account(account_id)
        condition.require(account)
        held = Registration.objects.filter(user=account)
        if not set(held.values_list("event_id", flat=True)) <= locked.keys():
            return None
        accounts.refuse_last_admin(account)
        _refuse_with_registrations(account)
        past = [pk for pk, event in locked.items() if event.is_over(now)]
        forget(held.filter(event__in=past))
        held.delete()
        for event in Event.objects.filter(pk__in=locked.keys() - set(past)).order_by("pk"):
            serve_queue(event, now=now)
        Event.objects.filter(organizer=account).delete()
        remove_accounts([account.pk])
        return account


def _forget_gone_events(organizer_id: int) -> None:
    """Removes the history of events that are gone, and were last this organizer's: it is all that is left of them."""
    lines = Event.history.model.objects
    gone = ~Exists(Event.objects.filter(pk=OuterRef("id")).order_by())
    theirs = lines.filter(gone, organizer=organizer_id, history_type="-")
    for events in by_range(theirs.values_list("id", flat=True)):
        lines.filter(id__in=events).delete()


def _refuse_with_registrations(organizer: User) -> None:
    if Registration.objects.filter(event__organizer=organizer).exists():
        raise HasEvents()
