from collections.abc import Iterator
from operator import attrgetter
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.email_addresses import AddressField, normalize_email
from eventhub.api.etags import edition_of
from eventhub.exceptions import UserNotFound
from eventhub.languages import Language
from eventhub.observability.security_log import Occasion, note_change
from eventhub.text_fields import LineField

# `username__lower=` compares without regard to case and is answered by the unique index on LOWER(username).
models.CharField.register_lookup(Lower)


# What an edit changes.
_edited = attrgetter("pk", "username", "email", "role", "created_at", "updated_at")
_profile_edited = attrgetter("pk", "name", "contact", "about")


class Role(models.TextChoices):
    USER = "user", "Attendee"
    ORGANIZER = "organizer", "Organizer"
    ADMIN = "admin", "Admin"


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        account = self.find_by_login(username or "")
        if account is None:
            raise self.model.DoesNotExist()
        return account

    def find_by_login(self, login: str) -> "User | None":
        """Find an account by its username or its address, in one query. A username wins."""
        has_login = models.Q(username__lower=login.lower()) | models.Q(email__lower=normalize_email(login))
        found = self.filter(has_login).order_by()
        return min(found, key=lambda account: account.username.lower() != login.lower(), default=None)

    def find(self, pk: int) -> "User":
        user = self.select_related("profile").filter(pk=pk).first()
        if user is None:
            raise UserNotFound()
        return user

    def create_user(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account, with a profile for organizers. Raise IntegrityError for a taken name."""
        user = self.model(username=username, email=normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        user.ensure_profile()
        return user

    def create_superuser(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an admin. Raise ValidationError for a taken address, which `createsuperuser` does not check."""
        if self.filter(email__lower=normalize_email(email)).exists():
            raise ValidationError("An account with this email address exists already.")
        user = self.create_user(username, email, password, **{**fields, "role": Role.ADMIN})
        note_change(Occasion.ROLE_GIVEN, user_id=user.pk, role=Role.ADMIN.value)
        return user


class User(AbstractBaseUser):
    """A person. `role` alone decides what they may do (accounts/permissions.py)."""

    username = models.CharField(
        max_length=150,
        unique=True,
        validators=[ASCIIUsernameValidator()],
        help_text="Letters, digits and @/./+/-/_ only.",
    )
    email = AddressField(max_length=254)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.USER)
    is_active = models.BooleanField("active", default=True, help_text="Without this, signing in is refused.")
    # None: never asked, for accounts from a time without EMAIL_VERIFICATION.
    email_verified = models.BooleanField("e-mail verified", null=True, default=None, editable=False)
    # With BULK_MAIL=trusted, organizers need it to write to attendees. An admin gives it.
    is_trusted_to_write = models.BooleanField("may write to attendees", default=False, db_default=False)
    # Of emails. Empty: the event's, then the site's.
    language = models.CharField(max_length=10, choices=Language.choices, blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Sessions and tokens name a generation, and are valid while it is the account's.
    sign_in_generation = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    # Whether they were ever in an event's team: nobody else pays for looking (events/services/team.py).
    in_teams = models.BooleanField(default=False, db_default=False, editable=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = "account"
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_unique_in_any_case"),
            models.UniqueConstraint(Lower("email"), name="user_email_unique_in_any_case"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_is_known"),
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], name="user_by_creation"),
            models.Index(fields=["role", "username"], name="user_by_role"),
            models.Index(fields=["role", "created_at", "id"], name="user_by_role_and_creation"),
            models.Index(fields=["email_verified", "username"], name="user_by_verification"),
            # The back office's filter, in the order of its list.
            models.Index(fields=["username"], condition=models.Q(is_active=False), name="user_deactivated"),
        ]

    @property
    def edition(self) -> str:
        return edition_of(_edited(self))

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_organizer(self) -> bool:
        return self.role in {Role.ORGANIZER, Role.ADMIN}

    @cached_property
    def team_roles(self) -> dict[int, str]:
        """Return the role for each event in whose team they are. Who was never in a team costs no query."""
        return dict(self.memberships.order_by().values_list("event_id", "role")) if self.in_teams else {}

    # Django's own questions, answered from the role.
    @property
    def is_staff(self) -> bool:
        return self.is_organizer or bool(self.team_roles)

    @property
    def is_superuser(self) -> bool:
        return self.is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_admin

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff

    def get_session_auth_hash(self) -> str:
        return f"{super().get_session_auth_hash()}{self.sign_in_generation}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for digest in super().get_session_auth_fallback_hash():
            yield f"{digest}{self.sign_in_generation}"

    @property
    def public_profile(self) -> "OrganizerProfile":
        """Return the profile, or an unsaved empty one where `ensure_profile` was bypassed."""
        return self.profile if hasattr(self, "profile") else OrganizerProfile(user=self)

    def ensure_profile(self) -> None:
        if self.is_organizer:
            OrganizerProfile.objects.get_or_create(user=self)


class ServiceToken(models.Model):
    """An integration's token to act for its owner. Only a digest is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="service_tokens", verbose_name="owner")
    name = LineField(max_length=100)
    digest = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField()
    # The owner's password and generation of sign-ins at its creation: it ends with them.
    bond = models.CharField(max_length=128, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField("expires")
    last_used_at = models.DateTimeField("last used", null=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest"], name="service_token_digest_unique")]
        indexes = [models.Index(fields=["expires_at"], name="service_token_by_expiry")]

    def __str__(self) -> str:
        return str(self.name)


class StoredAnswer(models.Model):
    """A response for retries. It is deleted with its account and with every account that its body names."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    # None while the request is under way, which no other transaction sees.
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    etag = models.CharField(max_length=40, blank=True)
    about = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", null=True)
    people = models.TextField(blank=True, db_default="")  # ids of all accounts that the body names: ",5,17,"
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="stored_answer_key_unique")]
        indexes = [models.Index(fields=["created_at"], name="stored_answer_by_age")]

    def __str__(self) -> str:
        return self.key


class Digest(models.TextChoices):
    """How often an organizer gets a summary of what happened at their events."""

    NONE = "none", "Never"
    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Every week"


class OrganizerProfile(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="profile")
    name = LineField(max_length=255, blank=True, help_text="Empty: the username.")
    contact = LineField(max_length=255, blank=True, help_text="An address or number for questions.")
    about = models.TextField(blank=True)
    digest = models.CharField(
        max_length=6, choices=Digest.choices, default=Digest.NONE, db_default=Digest.NONE, editable=False
    )
    # Summaries have been made up to here (notifications/services/digests.py). None: there are none.
    digest_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["digest", "digest_until"],
                condition=models.Q(digest_until__isnull=False),
                name="organizer_digest_due",
            )
        ]

    def __str__(self) -> str:
        return self.public_name

    @property
    def edition(self) -> str:
        return edition_of(_profile_edited(self))

    @property
    def public_name(self) -> str:
        return self.name or self.user.username
