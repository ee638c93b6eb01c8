"""The team of an event of the demo."""

from collections.abc import Iterable

from accounts.models import User
from events.models import Event, TeamRole
from events.services import team


def write(event: Event, *, helper: User, others: Iterable[User]) -> None:
    """Let an attendee help at the door of an event, and others run it, edit it and see its numbers."""
    team.add_member(event=event, user=helper, role=TeamRole.HELPER, by=event.organizer)
    roles = (TeamRole.MANAGER, TeamRole.EDITOR, TeamRole.VIEWER)
    colleagues = [user for user in others if user != helper and not user.is_organizer]
    for user, role in zip(colleagues, roles, strict=False):
        team.add_member(event=event, user=user, role=role, by=event.organizer)
