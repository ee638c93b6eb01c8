from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class FeedKind(models.TextChoices):
    REGISTRATIONS = "registrations", "My registrations"
    EVENTS = "events", "Events that I organize"


class CalendarFeed(models.Model):
    """A calendar at a secret URL. Only a digest of the secret is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feeds")
    kind = models.CharField(max_length=15, choices=FeedKind.choices)
    digest = models.CharField(max_length=64, editable=False)
    # The owner's password and generation of sign-ins at its creation: it ends with them.
    bond = models.CharField(max_length=128, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField("last used", null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="calendar_feed_digest_unique"),
            models.CheckConstraint(condition=Q(kind__in=FeedKind.values), name="calendar_feed_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
