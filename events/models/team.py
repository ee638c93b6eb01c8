from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from events.models.event import Event


class TeamRole(models.TextChoices):
    """What a member of an event's team may do; the permission table says it in detail."""

    MANAGER = "manager", "Manager: everything but deleting the event, giving it away, and the team"
    EDITOR = "editor", "Editor: texts and questions"
    HELPER = "helper", "Door helper: sees people and checks them in"
    VIEWER = "viewer", "Viewer: sees numbers"


class Membership(models.Model):
    """A person in the team of an event, beside its organizer."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    role = models.CharField(max_length=10, choices=TeamRole.choices)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True, editable=False
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "user"], name="membership_one_per_user"),
            models.CheckConstraint(condition=Q(role__in=TeamRole.values), name="membership_role_is_known"),
        ]
        indexes: ClassVar = [models.Index(fields=["user", "event"], name="membership_by_user")]

    def __str__(self) -> str:
        return f"{self.user} for {self.event}"


class TeamInvitation(models.Model):
    """An invitation to a team by address, accepted by a link in a mail. Only a digest of its secret is stored."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="team_invitations", db_index=False)
    email = models.CharField(max_length=254)
    role = models.CharField(max_length=10, choices=TeamRole.choices)
    digest = models.CharField(max_length=64, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True, editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField("expires", editable=False)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "email"], name="team_invitation_one_per_address"),
            models.UniqueConstraint(fields=["digest"], name="team_invitation_digest_unique"),
            models.CheckConstraint(condition=Q(role__in=TeamRole.values), name="team_invitation_role_is_known"),
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="team_invitation_by_expiry")]

    def __str__(self) -> str:
        return f"{self.email} for {self.event}"
