"""The public profiles of organizers."""

from typing import Any, ClassVar, cast

from accounts.models import OrganizerProfile, User
from accounts.serializers import ProfileInput, ProfileSerializer
from accounts.services import accounts
from accounts.views.users import INACCESSIBLE
from eventhub.api.serializers import Body
from eventhub.api.viewsets import RetrieveMixin, UpdateMixin
from eventhub.exceptions import UserNotFound


class OrganizerProfileViewSet(RetrieveMixin, UpdateMixin):
    resource = "organizer"
    lookup_suffix = "/organizer"
    serializer_class = ProfileSerializer
    input_serializers: ClassVar = {"update": ProfileInput}
    etag_actions = ("retrieve", "update")
    error_responses: ClassVar = {"retrieve": (UserNotFound(),), "update": (INACCESSIBLE, UserNotFound())}
    descriptions: ClassVar = {
        "retrieve": "An organizer's public profile.",
        "update": """Change an organizer's public profile.

        Absent keys keep their value.
        """,
    }

    def find_object(self, pk: int) -> OrganizerProfile:
        user = User.objects.find(pk)
        if not user.is_organizer:
            raise UserNotFound()
        return user.public_profile

    def check_object_permissions(self, request: Any, profile: OrganizerProfile) -> None:
        super().check_object_permissions(request, profile.user)

    def perform_update(self, body: Body) -> OrganizerProfile:
        organizer = cast("OrganizerProfile", body.instance).user
        return accounts.update_profile(
            organizer=organizer, by=self.user, changes=body.validated_data, condition=self.precondition
        )
