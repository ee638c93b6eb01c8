"""Who sees which events: the one place of this rule.

A draft is for the people who run it. A private event is also for who has a live registration. An unlisted one is for
whoever has its link, and in no list but those of the people who run it. To all others it does not exist.
"""

from typing import Any, Self

from django.apps import apps
from django.db.models import Q

from accounts.models import User
from accounts.permissions import team_events
from eventhub.db.compiled_queries import CompiledQuery
from eventhub.db.union_page import UnionQuerySet
from events.models.choices import EventStatus, Visibility

_ANNOUNCED = ~Q(status=EventStatus.DRAFT)
_PUBLIC = _ANNOUNCED & Q(visibility=Visibility.PUBLIC)


class VisibleEvents(UnionQuerySet):
    def visible_to(self, user: User) -> Self:
        """Keep what `user` may open, as `is_visible` says. Lists show less: `listed_for`."""
        if user.is_admin:
            return self
        is_known = ~Q(visibility=Visibility.PRIVATE) | Q(pk__in=_registered(user.pk))
        return self.filter(_or_run_by(user, _ANNOUNCED & is_known))

    def listed_for(self, user: User) -> Self:
        """Keep what lists and searches show to `user`: public events, and those that they run or help at."""
        return self if user.is_admin else self.filter(_or_run_by(user, _PUBLIC))

    def public(self) -> Self:
        """Keep what everybody may find."""
        return self.filter(_PUBLIC)

    def reachable_publicly(self) -> Self:
        """Keep what whoever has the link may open."""
        return self.filter(_ANNOUNCED, ~Q(visibility=Visibility.PRIVATE))

    def managed_by(self, user: User, action: str | None = None) -> Self:
        """Return the events that they organize, and those in whose team they may do that (any role for None)."""
        return self if user.is_admin else self.run_by(user, action)

    def run_by(self, user: User, action: str | None = None) -> Self:
        """As `managed_by`, of an admin too only their own."""
        # Ids, since PostgreSQL reads a whole table for an OR with a subquery.
        teams = team_events(user, action)
        if not user.is_organizer:
            return self.filter(pk__in=teams) if teams else self.none()
        own = Q(organizer=user)
        return self.either(own, Q(pk__in=teams) & ~own) if teams else self.filter(own)


def is_visible(event: Any, user: User) -> bool:
    """Return whether `user` may open the event. Only a hidden one costs a query."""
    is_announced = event.status != EventStatus.DRAFT
    if is_announced and event.visibility != Visibility.PRIVATE:
        return True
    if user.is_admin or (user.is_organizer and event.organizer_id == user.pk) or event.team_role(user) is not None:
        return True
    # Asked for a draft too: an event that is hidden takes as long as one that does not exist.
    is_registered = bool(_REGISTERED.rows(user.pk, event.pk))
    return is_announced and is_registered


def _or_run_by(user: User, seen: Q) -> Q:
    if user.is_organizer:
        seen |= Q(organizer=user)
    if teams := team_events(user):
        seen |= Q(pk__in=teams)
    return seen


def _registered(user_id: int) -> Any:
    """Return the ids of the events for which the account has a live registration."""
    registrations: Any = apps.get_model("registrations.Registration")  # of an app above this one
    return registrations.objects.live().order_by().filter(user=user_id).values_list("event")


_REGISTERED = CompiledQuery(lambda user_id, event_id: _registered(user_id).filter(event=event_id))
