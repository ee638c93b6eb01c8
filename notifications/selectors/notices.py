"""What became of notices, as far as its reader may know."""

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When

from accounts.models import User
from notifications.models import Notice, State
from notifications.services.truth import ABOUT_THE_ACCOUNT


def shown_to(reader: User, notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """Annotate `shown_state` and `shown_why`.

    A notice that the account prevented is shown as sent to organizers if the person was added by address: it would
    tell whether there is an account of their own, as `account_shown` in registrations/models.py does not.
    """
    if reader.is_admin:
        return notices.annotate(shown_state=F("state"), shown_why=F("why"))
    hidden = hidden_from(reader)
    return notices.annotate(
        shown_state=Case(When(hidden, then=Value(State.SENT.value)), default=F("state"), output_field=CharField()),
        shown_why=Case(When(hidden, then=Value("")), default=F("why"), output_field=CharField()),
    )


def hidden_from(reader: User) -> Q:
    """Return the condition for notices of which an organizer must not learn why they were not sent.

    Whether the person was added by address cannot be told of a registration that has been removed.
    """
    was_added = Q(registration__added_by_address=True) | Q(registration__added_by_address=None)
    return Q(state=State.SKIPPED, why__in=ABOUT_THE_ACCOUNT) & ~Q(user=reader.pk) & was_added
