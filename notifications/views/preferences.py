"""One's own preferences for emails. The rules are in notifications/services/preferences.py."""

from typing import ClassVar

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.api.viewsets import ApiViewSet
from notifications.serializers import PreferencesInput, PreferencesSerializer
from notifications.services import preferences


class PreferencesViewSet(ApiViewSet):
    resource = "user"
    serializer_class = PreferencesSerializer
    input_serializers: ClassVar = {"save_notifications": PreferencesInput}
    etag_actions = ("notifications", "save_notifications")

    @action(detail=False, url_path="me/notifications")
    def notifications(self, request: Request) -> Response:
        """Which emails you do not want, and how often you get a summary."""
        return self.item_response(preferences.preferences_of(self.user))

    @notifications.mapping.put
    @notifications.mapping.patch
    def save_notifications(self, request: Request) -> Response:
        """Choose which emails you do not want, and how often you get a summary.

        Absent keys keep their value. `opt_outs` turns off messages to many people: of all organizers, of one, or about
        one event. Emails about your registrations and changes of their events always come; `notices` can leave out
        reminders. Organizers choose with `digest` how often an email sums up what happened at their events.
        """
        body = self.get_body(self.user)
        body.is_valid(raise_exception=True)
        saved = preferences.save_preferences(user=self.user, condition=self.precondition, **body.validated_data)
        return self.item_response(saved)
