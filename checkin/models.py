from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

KEY_BYTES = 32
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
