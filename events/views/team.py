"""The API of an event's team. The rules are in events/services/team.py."""

from typing import Any, ClassVar, cast

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.idempotency.decorator import idempotent
from accounts.models import User
from eventhub.api.serializers import Body
from eventhub.api.viewsets import ApiViewSet, DestroyMixin, UpdateMixin
from eventhub.exceptions import EmailNotVerified, EventNotFound, Forbidden
from events.exceptions import AlreadyMember, InvitationGone, InvitationNotFound, MemberNotFound, TeamFull
from events.models import Event, Membership, TeamInvitation
from events.services import team
from events.team_serializers import (
    InvitedSerializer,
    MembershipSerializer,
    TeamInput,
    TeamRoleInput,
    TeamSerializer,
    TeamTokenInput,
)


class EventTeamViewSet(ApiViewSet):
    resource = "event"
    input_serializers: ClassVar = {"invite": TeamInput}
    success_status: ClassVar = {"invite": 202}
    error_responses: ClassVar = {
        "team": (Forbidden(), EventNotFound()),
        "invite": (Forbidden(), EmailNotVerified(), EventNotFound(), AlreadyMember(), TeamFull()),
    }

    @action(detail=True, url_path="team/")
    def team(self, request: Request, pk: int) -> Response:
        """The team of an event: its members, and the invitations that are open."""
        return self.item_response(team.team_of(self.get_object()))

    @team.mapping.post
    @idempotent
    def invite(self, request: Request, pk: int) -> Response:
        """Invite somebody to the team, by mail.

        The answer is the same whether or not an account has the address. The person is a member once they accept,
        within seven days. A second invitation of an address takes the place of the first.
        """
        event = self.get_object()
        invitation = team.invite(event=event, by=self.user, **(values := self.get_valid_body()))
        self.hidden_account = User.objects.filter(email=invitation.email).values_list("pk", flat=True).first()
        return self.item_response(values)

    def check_replay(self) -> None:
        self.get_object()

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        return event

    def get_serializer_class(self) -> type[Serializer[Any]]:
        return InvitedSerializer if self.action == "invite" else TeamSerializer


class MembershipViewSet(UpdateMixin, DestroyMixin):
    resource = "membership"
    serializer_class = MembershipSerializer
    input_serializers: ClassVar = {"update": TeamRoleInput}
    error_responses: ClassVar = {
        "update": (Forbidden(), MemberNotFound()),
        "destroy": (Forbidden(), MemberNotFound()),
    }
    descriptions: ClassVar = {
        "update": "Give a member another role.",
        "destroy": """Take a member out of the team, or leave it.

        What they could do there ends with their next request, also by service tokens, and by gate tokens that they
        made.
        """,
    }

    def find_object(self, pk: int) -> Membership:
        found = Membership.objects.select_related("event", "user").filter(pk=pk).first()
        if found is None or not found.event.is_visible_to(self.user):
            raise MemberNotFound()
        return found

    def perform_update(self, body: Body) -> Membership:
        membership = cast("Membership", body.instance)
        role = body.validated_data.get("role", membership.role)
        return team.change_role(membership=membership, role=role, by=self.user)

    def perform_destroy(self, membership: Membership) -> None:
        team.remove(membership=membership, by=self.user)


class TeamInvitationViewSet(DestroyMixin):
    resource = "invitation"
    error_responses: ClassVar = {"destroy": (Forbidden(), InvitationNotFound())}
    descriptions: ClassVar = {"destroy": "Withdraw an invitation: its link stops working."}

    def find_object(self, pk: int) -> TeamInvitation:
        found = TeamInvitation.objects.select_related("event").filter(pk=pk).first()
        if found is None or not found.event.is_visible_to(self.user):
            raise InvitationNotFound()
        return found

    def perform_destroy(self, invitation: TeamInvitation) -> None:
        team.withdraw(invitation=invitation, by=self.user)


class TeamViewSet(ApiViewSet):
    resource = "team"
    serializer_class = MembershipSerializer
    input_serializers: ClassVar = {"accept": TeamTokenInput}
    error_responses: ClassVar = {
        "accept": (Forbidden("This invitation is for another email address"), AlreadyMember(), InvitationGone())
    }

    @action(detail=False, methods=["post"])
    @idempotent
    def accept(self, request: Request) -> Response:
        """Accept an invitation with the token of its link, and join the team.

        It works once, for the account that has the address which was invited.
        """
        return self.item_response(team.accept(user=self.user, **self.get_valid_body()))

    def check_replay(self) -> None:
        if not Membership.objects.filter(pk=self.replayed["member_id"], user=self.user).exists():
            raise InvitationGone()
