"""What makes events found: tags, addresses of pages, and events of interest."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from eventhub.text_fields import LineField
from events.models.event import SLUG_LENGTH, Event


class TagKind(models.TextChoices):
    CATEGORY = "category", "Category"
    TAG = "tag", "Tag"


class TagQuerySet(models.QuerySet["Tag"]):
    def seen_by(self, user: User) -> Self:
        """Keep categories, and tags of events in the user's lists: a tag can tell what a hidden event is about."""
        if user.is_admin:
            return self
        events = Event.objects.listed_for(user).filter(event_tags__tag=OuterRef("pk"))
        return self.filter(Q(kind=TagKind.CATEGORY) | Exists(events.order_by()))

    def managed_by(self, user: User) -> Self:
        return self if user.is_admin else self.none()


class Tag(models.Model):
    """A word to find events by. Admins make the categories, organizers the tags."""

    slug = models.SlugField(max_length=SLUG_LENGTH, db_index=False)
    name = LineField(max_length=80)
    kind = models.CharField(max_length=10, choices=TagKind.choices, default=TagKind.TAG)

    objects: ClassVar[Any] = TagQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["slug"], name="tag_slug_unique"),
            models.CheckConstraint(condition=Q(kind__in=TagKind.values), name="tag_kind_is_known"),
        ]

    def __str__(self) -> str:
        return str(self.name)


class EventTag(models.Model):
    pk = models.CompositePrimaryKey("tag_id", "event_id")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="event_tags", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="event_tags")


class EventSlug(models.Model):
    """Every address that an event's page has or had: an old one leads to the present one, `Event.slug`."""

    slug = models.SlugField(max_length=SLUG_LENGTH, primary_key=True)
    # No constraint: the previous release, which knows no slugs, must be able to delete an event.
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="slugs", db_constraint=False)

    def __str__(self) -> str:
        return str(self.slug)


class Interest(models.Model):
    """A person's mark on an event. With `notify`, they are told when registration opens or a seat is free."""

    pk = models.CompositePrimaryKey("user_id", "event_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="interests", db_index=False
    )
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="interests", db_index=False)
    notify = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["event", "user"], name="interest_by_event"),
            models.Index(fields=["user", "created_at"], name="interest_by_user"),
        ]
