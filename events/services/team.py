"""The team of an event: inviting, accepting, changing roles, leaving.

An invitation goes to an address, and nobody learns whether an account has it. Who accepts becomes a member; their role
is read from the table with each request, so who is removed is out with the next one.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.email_addresses import normalize_email
from accounts.mails import send_reset_link
from accounts.models import User
from accounts.permissions import require, require_verified
from accounts.services import token_secrets
from accounts.services.placeholder_accounts import find_or_create_accounts
from eventhub.api import credential_limit
from eventhub.db.retry import retried
from eventhub.exceptions import EventNotFound, Forbidden
from eventhub.observability.security_log import Occasion, note_change
from eventhub.tasks import later
from events.exceptions import AlreadyMember, InvitationGone, InvitationsPaused, TeamFull
from events.mails import PREFIX, send_team_invitation
from events.models import Event, Membership, TeamInvitation
from events.services.events import note_in_history

LIFE = timedelta(days=7)
MAX_TEAM = 100  # members and open invitations of an event
HOUR = 60 * 60
MOST_INVITATIONS_AN_HOUR = 50  # by one account, whatever the event


class Team(NamedTuple):
    members: list[Membership]
    invitations: list[TeamInvitation]


def team_of(event: Event, *, now: datetime | None = None) -> Team:
    """Return the members, and the invitations that can be accepted."""
    open_now = event.team_invitations.filter(expires_at__gt=now or timezone.now())
    return Team(list(event.memberships.select_related("user")), list(open_now))


@retried
def invite(*, event: Event, email: str, role: str, by: User, now: datetime | None = None) -> TeamInvitation:
    """Invite an address, by mail; a second invitation takes the place of the first.

    Raise AlreadyMember for the address of a member, TeamFull, InvitationsPaused, EmailNotVerified.
    """
    require(by, "event", "invite", event)
    require_verified(by)
    now = now or timezone.now()
    email = normalize_email(email)
    attempts = credential_limit.count(f"team:invitations:{by.pk}", seconds=HOUR)
    if attempts.so_far > MOST_INVITATIONS_AN_HOUR:
        raise InvitationsPaused(wait=attempts.wait)
    with transaction.atomic():
        event = _lock(event)
        if email == event.organizer.email or event.memberships.filter(user__email=email).exists():
            raise AlreadyMember()
        others = event.team_invitations.exclude(email=email).filter(expires_at__gt=now).count()
        if event.memberships.count() + others >= MAX_TEAM:
            raise TeamFull()
        # The mail makes the secret when it is sent. Nobody knows the one of this digest. A link that was mailed before
        # works until then: soon after another, no mail is sent.
        digest = token_secrets.digest_of(token_secrets.new_secret(PREFIX))
        values = {"role": role, "invited_by": by, "created_at": now, "expires_at": now + LIFE}
        invitation, _ = TeamInvitation.objects.update_or_create(
            event=event, email=email, defaults=values, create_defaults={**values, "digest": digest}
        )
        note_change(Occasion.TEAM_INVITED, by=by.pk, event_id=event.pk, role=role)
        later(send_team_invitation, invitation.pk)
    return invitation


def has_open_invitation(user: User) -> bool:
    return TeamInvitation.objects.filter(email=normalize_email(user.email), expires_at__gt=timezone.now()).exists()


def find_invitation(token: str, *, now: datetime | None = None) -> TeamInvitation:
    """Return the invitation of a link, with its event. Raise InvitationGone."""
    found: TeamInvitation | None = None
    if token_secrets.is_well_formed(token, PREFIX):
        by_secret = TeamInvitation.objects.select_related("event__organizer__profile", "invited_by")
        found = by_secret.filter(digest=token_secrets.digest_of(token)).first()
    if found is None or found.expires_at <= (now or timezone.now()):
        raise InvitationGone()
    return found


def make_account(invitation: TeamInvitation) -> None:
    """Mail a link to choose a password to the invited address, and make its account if there is none."""
    accounts = find_or_create_accounts([invitation.email])
    later(send_reset_link, accounts[invitation.email])


@retried
def accept(*, token: str, user: User, now: datetime | None = None) -> Membership:
    """Join the team. Raise InvitationGone, AlreadyMember for the organizer, Forbidden for another address."""
    require(user, "team", "accept")
    with transaction.atomic():
        invitation = find_invitation(token, now=now)
        if invitation.email != normalize_email(user.email):
            raise Forbidden("This invitation is for another email address")
        event = _lock(invitation.event)
        if not TeamInvitation.objects.filter(pk=invitation.pk, digest=invitation.digest).delete()[0]:
            raise InvitationGone()
        if event.organizer_id == user.pk:
            raise AlreadyMember()
        return _add(event, user, invitation.role, invitation.invited_by, now or timezone.now())


@retried
def change_role(*, membership: Membership, role: str, by: User) -> Membership:
    require(by, "membership", "update", membership)
    with transaction.atomic():
        event = _lock(membership.event)
        if membership.role != role and Membership.objects.filter(pk=membership.pk).update(role=role):
            membership.role = role
            _note(Occasion.TEAM_ROLE_CHANGED, event, membership, by)
    return membership


@retried
def remove(*, membership: Membership, by: User | None) -> None:
    """Take a member out of the team, or leave it; None for operators.

    What they may do there ends with their next request.
    """
    if by is not None:
        require(by, "membership", "destroy", membership)
    with transaction.atomic():
        event = _lock(membership.event)
        if Membership.objects.filter(pk=membership.pk).delete()[0]:
            _note(Occasion.TEAM_LEFT, event, membership, by)


def withdraw(*, invitation: TeamInvitation, by: User) -> None:
    require(by, "invitation", "destroy", invitation)
    TeamInvitation.objects.filter(pk=invitation.pk).delete()


def add_member(*, event: Event, user: User, role: str, by: User | None, now: datetime | None = None) -> Membership:
    """Add a person who need not accept, for operators and copies. Raise AlreadyMember for the organizer."""
    with transaction.atomic():
        event = _lock(event)
        if event.organizer_id == user.pk:
            raise AlreadyMember()
        return _add(event, user, role, by, now or timezone.now())


def leave_as_organizer(event: Event) -> None:
    """Take the new organizer of an event out of its team."""
    event.memberships.filter(user=event.organizer_id).delete()


def forget_address(address: str) -> None:
    """Delete the invitations of an address whose account is erased."""
    TeamInvitation.objects.filter(email=normalize_email(address)).delete()


def delete_expired(*, now: datetime, dry_run: bool) -> int:
    expired: QuerySet[TeamInvitation] = TeamInvitation.objects.filter(expires_at__lte=now)
    return expired.count() if dry_run else expired.delete()[0]


def _add(event: Event, user: User, role: str, by: User | None, now: datetime) -> Membership:
    added = {"role": role, "added_by": by, "added_at": now}
    membership, _ = Membership.objects.update_or_create(event=event, user=user, defaults=added)
    User.objects.filter(pk=user.pk, in_teams=False).update(in_teams=True)
    user.in_teams = True
    user.__dict__.pop("team_roles", None)  # as of this request
    _note(Occasion.TEAM_JOINED, event, membership, by)
    return membership


def _lock(event: Event) -> Event:
    """Lock the event: its team has a bound, and one organizer."""
    found: Event | None = Event.objects.select_for_update(no_key=True, of=("self",)).filter(pk=event.pk).first()
    if found is None:
        raise EventNotFound()
    return found


_DEEDS = {
    Occasion.TEAM_JOINED: "joined the team",
    Occasion.TEAM_ROLE_CHANGED: "in the team: new role",
    Occasion.TEAM_LEFT: "left the team",
}


def _note(occasion: Occasion, event: Event, membership: Membership, by: User | None) -> None:
    """Write the security log, and a line of the event's history that names nobody."""
    note_change(
        occasion, user_id=membership.user_id, by=None if by is None else by.pk, event_id=event.pk, role=membership.role
    )
    note_in_history(event, f"{membership.role.capitalize()} {_DEEDS[occasion]}")
