from typing import ClassVar

from django.db import models
from django.utils import timezone

from events.models import Event


class GuestRequest(models.Model):
    """A request to register without an account, until the link in its mail expires (registrations/guest_links.py)."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="guest_requests", db_index=False)
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=255)
    # A random text that the signed token of its link begins with; no part of the link can be made of it alone.
    digest = models.CharField(max_length=64, editable=False)
    # What else the form says: phone, language, whether to wait, answers. Once confirmed, also `registration_id`.
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest"], name="guest_request_digest_unique")]
        indexes: ClassVar = [
            models.Index(fields=["event", "email"], name="guest_request_by_address"),
            models.Index(fields=["expires_at"], name="guest_request_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.email} for {self.event}"
