"""Refusals about addresses, tags and teams of events."""

from eventhub.exceptions import NotFound, Refusal


class SlugTaken(Refusal):
    msg, code = "Another event has this address", "slug_taken"


class TagNotFound(NotFound):
    msg = "Tag not found"


class TagExists(Refusal):
    msg, code = "There is a tag with this name", "tag_exists"


class AlreadyMember(Refusal):
    msg, code = "This person is in the team already", "already_member"


class TeamFull(Refusal):
    msg, code = "The team has the maximum number of members and invitations", "team_full"


class InvitationGone(Refusal):
    status, msg, code = 410, "This invitation is no longer valid", "invitation_gone"


class InvitationsPaused(Refusal):
    status, msg, code = 429, "You have sent too many invitations. Try again in an hour", "throttled"

    def __init__(self, *, wait: int) -> None:
        super().__init__()
        self.wait = wait


class MemberNotFound(NotFound):
    msg = "Member not found"


class InvitationNotFound(NotFound):
    msg = "Invitation not found"
