"""One's own calendar feeds, and the calendars at their secret URLs."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from accounts.views.me import FreshSignInMixin
from eventhub.api.files import FileKind, FileMixin
from eventhub.api.serializers import Body
from eventhub.api.throttling import GeneralThrottle
from eventhub.api.viewsets import CreateMixin, DestroyMixin, ListMixin, PublicViewSet
from eventhub.exceptions import FeedNotFound, Forbidden, ReauthenticationRequired, TooManyFeeds
from events.calendar_entry import CONTENT_TYPE, EXAMPLE
from registrations.models import CalendarFeed
from registrations.selectors.calendars import feed_calendar
from registrations.serializers import CalendarFeedInput, CalendarFeedSerializer, NewCalendarFeedSerializer
from registrations.services import calendar_feeds
from registrations.services.calendar_feeds import NewFeed

# Programs ask every few minutes to hours, from each device of a person.
FEED_RATE = "120/hour"
NO_ORGANIZER = Forbidden("You must be an organizer to do this")


class CalendarFeedViewSet(FreshSignInMixin, ListMixin, CreateMixin, DestroyMixin):
    resource = "feed"
    queryset = CalendarFeed.objects.all()
    ordering_fields = ("created_at",)
    ordering = "-created_at"
    input_serializers: ClassVar = {"create": CalendarFeedInput}
    error_responses: ClassVar = {
        "create": (ReauthenticationRequired(), NO_ORGANIZER, TooManyFeeds()),
        "destroy": (FeedNotFound(),),
    }
    descriptions: ClassVar = {
        "list": "Your calendar feeds, the newest first.",
        "create": """Make a calendar feed, to which calendar programs subscribe.

        Everybody who knows its URL can read it, without signing in. It ends when you revoke it, set a new password,
        end all sign-ins or are deactivated. It takes a sign-in under 15 minutes old, or `current_password`.
        """,
        "destroy": "Revoke a calendar feed: its URL is a 404 from then on.",
    }

    def get_queryset(self) -> QuerySet[CalendarFeed]:
        return CalendarFeedSerializer.read(calendar_feeds.list_feeds(self.user))

    def get_serializer_class(self) -> type[CalendarFeedSerializer]:
        return NewCalendarFeedSerializer if self.action == "create" else CalendarFeedSerializer

    def find_object(self, pk: int) -> CalendarFeed:
        feed = CalendarFeed.objects.filter(user=self.user, pk=pk).first()
        if feed is None:
            raise FeedNotFound()
        return feed

    def perform_create(self, body: Body) -> NewFeed:
        return calendar_feeds.create_feed(owner=self.user, kind=body.validated_data["kind"])

    def perform_destroy(self, feed: CalendarFeed) -> None:
        calendar_feeds.revoke_feed(feed=feed, by=self.user)


class FeedThrottle(GeneralThrottle):
    """Requests for one URL, beside those of an address."""

    def get_rate(self) -> str | None:
        return super().get_rate() and FEED_RATE

    def get_cache_key(self, request: Any, view: Any) -> str:
        return f"throttle:feed:{calendar_feeds.digest_of(view.kwargs['secret'])}"


class CalendarViewSet(FileMixin, PublicViewSet):
    resource = "calendar"
    throttle_classes = (FeedThrottle,)
    etag_actions = ("retrieve",)
    error_responses: ClassVar = {"retrieve": (FeedNotFound(),)}
    files: ClassVar = {"retrieve": FileKind("text/calendar", EXAMPLE)}

    def retrieve(self, request: Request, secret: str) -> HttpResponse:
        """The calendar of a feed, for everybody who knows its URL.

        The owner's registrations, or the events that they have announced: from 90 days ago on, at most 500. Cancelled
        ones stay with `STATUS:CANCELLED` for 30 days; the waiting list is `STATUS:TENTATIVE`.
        """
        feed, now = calendar_feeds.find_feed(secret), timezone.now()
        calendar = feed_calendar(feed, now=now)
        calendar_feeds.record_use(feed, now=now)
        response = self.file_response(calendar.content, calendar, name="calendar.ics", content_type=CONTENT_TYPE)
        response.headers["Cache-Control"] = "private, max-age=900"
        return response
