from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.permissions import allowed
from eventhub.api.etags import edition_of
from eventhub.text_fields import LineField
from events.models import Event
from registrations.models import Registration

KEY_BYTES = 32
AFTER_EVENT = timedelta(
    hours=24
)  # a gate token works on: for whoever stays late, and for scans that a phone still holds
# A code begins with the version. From 0xF0 on it may name another scheme one day, such as signatures.
MAX_VERSION = 0xEF


class TicketKey(models.Model):
    """A key of ticket codes. The newest signs, and all verify (services/ticket_keys.py)."""

    version = models.SmallIntegerField(primary_key=True)
    key = models.BinaryField(max_length=KEY_BYTES)
    since = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["version"]
        constraints = [
            models.CheckConstraint(
                condition=Q(version__gte=1, version__lte=MAX_VERSION), name="ticket_key_version_fits_a_code"
            )
        ]

    def __str__(self) -> str:
        return f"Key {self.version}"


class Reentry(models.TextChoices):
    """When a person who was let in may come in again."""

    NEVER = "never", "Never"
    AFTER_EXIT = "after_exit", "After they have left"
    DAILY = "daily", "Once a day"
    ALWAYS = "always", "Always"


class Checkpoint(models.Model):
    """A place where tickets are scanned: the entrance of an event, or a session, a meal, a day."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="checkpoints", db_index=False)
    name = LineField(max_length=80)
    is_entrance = models.BooleanField("entrance", default=False, editable=False)
    reentry = models.CharField(
        "come in again", max_length=10, choices=Reentry.choices, default=Reentry.NEVER, db_default=Reentry.NEVER
    )
    opens = models.DateTimeField(null=True, blank=True, help_text="Nobody is let in before. Empty: any time.")
    closes = models.DateTimeField(null=True, blank=True, help_text="Nobody is let in after. Empty: any time.")

    class Meta:
        ordering = ["-is_entrance", "name"]
        constraints = [
            models.UniqueConstraint(fields=["event", "name"], name="checkpoint_name_unique"),
            models.UniqueConstraint(fields=["event"], condition=Q(is_entrance=True), name="checkpoint_one_entrance"),
            models.CheckConstraint(condition=Q(reentry__in=Reentry.values), name="checkpoint_reentry_is_known"),
            models.CheckConstraint(
                condition=Q(opens=None) | Q(closes=None) | Q(closes__gt=models.F("opens")),
                name="checkpoint_closes_after_it_opens",
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def edition(self) -> str:
        return edition_of([self.name, self.reentry, self.opens, self.closes])


class Presence(models.Model):
    """Whether a person is inside at a checkpoint. One row decides every race (services/presence.py).

    Who has attended without a row at the entrance came in by another way, such as an import.
    """

    pk = models.CompositePrimaryKey("checkpoint_id", "registration_id")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.CASCADE, related_name="presences", db_index=False)
    # No constraint, as with the log of registrations: raw SQL may delete a registration.
    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="presences", db_constraint=False
    )
    inside = models.BooleanField(default=False)
    entries = models.PositiveSmallIntegerField(default=0)
    first_in = models.DateTimeField(null=True)
    last_in = models.DateTimeField(null=True)
    last_out = models.DateTimeField(null=True)


class ScanKind(models.TextChoices):
    IN = "in", "In"
    OUT = "out", "Out"
    CHECK = "check", "Check only"
    UNDO = "undo", "Undo"


class ScanResult(models.TextChoices):
    ADMITTED = "admitted", "Let in"
    LEFT = "left", "Left"
    VALID = "valid", "Valid"
    UNDONE = "undone", "Undone"
    UNKNOWN = "ticket_unknown", "Unknown ticket"
    WRONG_EVENT = "wrong_event", "Ticket of another event"
    REVOKED = "ticket_revoked", "Ticket was replaced"
    NOT_REGISTERED = "not_registered", "No seat"
    ALREADY_IN = "already_in", "Already in"
    NOT_INSIDE = "not_inside", "Not inside"
    CLOSED = "checkpoint_closed", "Checkpoint closed"
    FULL = "event_full", "Event is full"
    FORCE_NOT_ALLOWED = "force_not_allowed", "Not allowed to let in anyway"


class GateToken(models.Model):
    """A helper's key to the door of one event, without an account. Only a digest is stored."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="gate_tokens")
    # None: whoever has it chooses one.
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.CASCADE, related_name="+", null=True, blank=True)
    name = LineField(max_length=80, help_text="Whose phone, or which door. Each scan is listed under this name.")
    digest = models.CharField(max_length=64, editable=False)
    may_search = models.BooleanField("may search by name", default=False)
    may_force = models.BooleanField("may let in anyway", default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True, editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # None: with the event. No token outlives that (`ends_at`).
    expires_at = models.DateTimeField("expires", null=True, blank=True)
    # A revoked one stays: the log of scans has its name.
    revoked_at = models.DateTimeField("revoked", null=True, editable=False)
    last_used_at = models.DateTimeField("last used", null=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest"], name="gate_token_digest_unique")]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def ends_at(self) -> datetime:
        """Return when it ends at the latest. That moves with an event that is postponed."""
        last = self.event.ends + AFTER_EVENT
        return last if self.expires_at is None else min(self.expires_at, last)

    @property
    def may(self) -> list[str]:
        """Return what it may do beside scanning."""
        rights = {"search": self.may_search, "force": self.may_force}
        return [right for right, is_given in rights.items() if is_given]

    def is_live(self, now: datetime) -> bool:
        """Return whether it opens the door. It ends with its maker's account, and their right to run the event."""
        maker = self.created_by
        may_run = maker is not None and maker.is_active and allowed(maker, "event", "create_gate_token", self.event)
        return self.revoked_at is None and now < self.ends_at and may_run


class Scan(models.Model):
    """A line in the log of scans: the ticket, the time, the device and the answer. Lines are never changed."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="scans", db_index=False)
    # Its service refuses to delete a checkpoint with scans, which no index finds.
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.DO_NOTHING, related_name="scans", db_constraint=False, db_index=False
    )
    # What a device calls it, so that a repeated request is answered once.
    nonce = models.UUIDField()
    # None: the code is not ours. It may be of another event.
    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, related_name="scans", null=True, db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=5, choices=ScanKind.choices)
    result = models.CharField(max_length=17, choices=ScanResult.choices)
    # By the device's clock, where it was offline. `reported_at`: what it said, where that cannot be.
    at = models.DateTimeField()
    reported_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
    )
    gate = models.ForeignKey(
        GateToken, on_delete=models.DO_NOTHING, related_name="scans", null=True, db_constraint=False, db_index=False
    )
    through = models.CharField(max_length=10, blank=True)
    device = models.CharField(max_length=40, blank=True)
    offline = models.BooleanField(default=False)
    forced = models.BooleanField(default=False)
    # What would have refused somebody whom a helper, or a device without network, let in all the same.
    despite = models.CharField(max_length=17, choices=ScanResult.choices, blank=True)
    undoes_id = models.BigIntegerField(null=True)  # a scan
    # The person's entries at the checkpoint, this one included.
    entries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "nonce"], name="scan_nonce_unique"),
            models.UniqueConstraint(
                fields=["undoes_id"], condition=Q(undoes_id__isnull=False), name="scan_undone_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=ScanKind.values), name="scan_kind_is_known"),
            models.CheckConstraint(condition=Q(result__in=ScanResult.values), name="scan_result_is_known"),
        ]
        indexes = [
            models.Index(fields=["event", "id"], name="scan_by_event"),
            models.Index(fields=["registration", "id"], name="scan_by_registration"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_result_display()}"


class Print(models.Model):
    """When a person's badge was last printed."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    registration = models.OneToOneField(
        Registration, on_delete=models.CASCADE, primary_key=True, related_name="printed", db_constraint=False
    )
    # A digest of the printed name and ticket number. If either changes, the badge is new again.
    edition = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        db_constraint=False,
        db_index=False,
    )
