"""The API of addresses, tags and events of interest. The rules are in events/services."""

from typing import Any, ClassVar, cast

from django.db.models import FilteredRelation, Q, QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from eventhub.api.serializers import Body
from eventhub.api.viewsets import ApiViewSet, CreateMixin, DestroyMixin, ListMixin, UpdateMixin
from eventhub.exceptions import EventNotFound, Forbidden
from events.discovery_serializers import InterestInput, InterestSerializer, MergeInput, TagInput, TagSerializer
from events.exceptions import TagExists, TagNotFound
from events.filters import TagFilter
from events.models import Event, Tag
from events.serializers import EventSerializer
from events.services import interests, slugs, tags
from events.views.events import EventLists


class EventBySlugViewSet(ApiViewSet):
    resource = "event"
    serializer_class = EventSerializer
    etag_actions = ("by_slug",)
    error_responses: ClassVar = {"by_slug": (EventNotFound(),)}
    other_outputs: ClassVar = {"by_slug": {301: None}}

    @action(detail=False, url_path="by-slug/<str:slug>")
    def by_slug(self, request: Request, slug: str) -> Response:
        """An event by its address.

        A former address gets a 301 to the present one.
        """
        event: Event = Event.objects.find(slugs.find_event_id(slug), self.user)
        self.check_object_permissions(request, event)
        if event.slug != slug:
            return Response(status=301, headers={"Location": f"/events/by-slug/{event.slug}"})
        return self.item_response(event)


class TagViewSet(ListMixin, CreateMixin, UpdateMixin, DestroyMixin):
    resource = "tag"
    queryset = TagSerializer.read(Tag.objects.all())
    serializer_class = TagSerializer
    filterset_class = TagFilter
    ordering_fields = ("name",)
    ordering = "name"
    input_serializers: ClassVar = {"create": TagInput, "update": TagInput, "merge": MergeInput}
    error_responses: ClassVar = {
        "create": (Forbidden(), TagExists()),
        "update": (Forbidden(), TagNotFound(), TagExists()),
        "destroy": (Forbidden(), TagNotFound()),
        "merge": (Forbidden(), TagNotFound()),
    }
    descriptions: ClassVar = {
        "list": "All categories, and the tags of events that you may find.",
        "create": """Create a category, or a tag.

        Organizers make tags by naming them on an event.
        """,
        "update": "Rename a tag, or make it a category. Its slug follows the name.",
        "destroy": "Delete a tag. Its events stay.",
    }
    create = idempotent(CreateMixin.create)

    def get_queryset(self) -> QuerySet[Tag]:
        return super().get_queryset().seen_by(self.user)  # type: ignore[attr-defined, no-any-return]

    def find_object(self, pk: int) -> Tag:
        tag = Tag.objects.filter(pk=pk).first()
        if tag is None:
            raise TagNotFound()
        return tag

    def perform_create(self, body: Body) -> Tag:
        return tags.save_tag(Tag(), **body.validated_data)

    def perform_update(self, body: Body) -> Tag:
        return tags.save_tag(cast("Tag", body.instance), **body.validated_data)

    def perform_destroy(self, tag: Tag) -> None:
        tag.delete()

    def check_replay(self) -> None:
        """Do nothing: the permission table has decided."""

    @action(detail=True, methods=["post"])
    @idempotent
    def merge(self, request: Request, pk: int) -> Response:
        """Give the events of a tag another one, and delete the first."""
        tag = self.get_object()
        into = self.find_object(self.get_valid_body()["into"])
        tags.merge_tags(tag, into=into)
        return self.item_response(into)


class InterestViewSet(ApiViewSet):
    resource = "event"
    input_serializers: ClassVar = {"interest": InterestInput}
    success_status: ClassVar = {"interest": 204, "remove_interest": 204}
    error_responses: ClassVar = dict.fromkeys(("interest", "remove_interest"), (EventNotFound(),))

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        return event

    @action(detail=True, methods=["put"])
    def interest(self, request: Request, pk: int) -> Response:
        """Mark an event as one of interest.

        With `notify` you get an email when its registration opens, and when a seat becomes free that nobody waits for,
        unless you are registered.
        """
        interests.mark(event=self.get_object(), user=self.user, **self.get_valid_body())
        return Response(status=204)

    @interest.mapping.delete
    def remove_interest(self, request: Request, pk: int) -> Response:
        """Take the mark off an event."""
        interests.unmark(event=self.get_object(), user=self.user)
        return Response(status=204)


class UserInterestViewSet(EventLists):
    resource = "user"
    serializer_class = InterestSerializer
    list_actions = ("interests",)
    first_page_is_compiled = False

    @action(detail=False, url_path="me/interests")
    def interests(self, request: Request) -> Response:
        """The events that you marked as of interest, as far as you may still see them."""
        return self.list_response()

    def get_queryset(self) -> QuerySet[Any]:
        mine = FilteredRelation("interests", condition=Q(interests__user=self.user))
        events = Event.objects.with_tags().annotate(mine=mine).filter(mine__user=self.user).visible_to(self.user)
        return InterestSerializer.read(events)
