"""Signing up, changing accounts, and keeping at least one admin.

registrations/services/account_deletion.py decides what changes and deletions mean for events and seats.
"""

from collections.abc import Iterable
from typing import Any, TypedDict

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as PasswordProblem
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts import mails
from accounts.email_addresses import normalize_email
from accounts.hashers import normalized
from accounts.models import OrganizerProfile, Role, User
from accounts.permissions import allowed, require
from eventhub import audit
from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.db.retry import one_statement, retried, violated
from eventhub.exceptions import (
    EmailExists,
    Invalid,
    LastAdmin,
    ReauthenticationRequired,
    Refusal,
    UserExists,
    UsernameExists,
    UserNotFound,
)
from eventhub.observability.security_log import Occasion, note, note_change
from eventhub.tasks import later

MAX_PASSWORD_LENGTH = 128
NEW = 0  # the id of no account
# Changes that are mailed to the account's previous address, and how the mail names them.
NOTIFIED_FIELDS = {"password": "password", "email": "email address"}


class AccountChanges(TypedDict, total=False):
    username: str
    email: str
    password: str
    role: str
    is_active: bool
    is_trusted_to_write: bool


class ProfileChanges(TypedDict, total=False):
    name: str
    contact: str
    about: str


@retried
def sign_up(*, username: str, email: str, password: str, role: str = Role.USER) -> User:
    """Create an account for anyone.

    Raise UserExists for a taken name or address, and a 400 for a weak password or a role that is not open.
    """
    _check_role(role, None)
    validate_new_password(password, User(username=username, email=email))
    if _is_address_of_another(username):
        raise UserExists()
    try:
        with transaction.atomic():
            user = User.objects.create_user(username, email, password, role=role, email_verified=_not_yet_verified())
            if role != Role.USER:
                note_change(Occasion.ROLE_GIVEN, user_id=user.pk, by=user.pk, role=role)
            send_verification_link(user)
            return user
    except IntegrityError:
        raise UserExists() from None


@retried
def create_account(*, by: User, username: str, email: str, password: str | None, role: str = Role.USER) -> User:
    """Create an account for somebody. Without a password, a password reset claims it.

    Raise UsernameExists, EmailExists, Forbidden, or a 400 for a weak password.
    """
    require(by, "user", "create")
    if password is not None:
        validate_new_password(password, User(username=username, email=email))
    if _is_address_of_another(username):
        raise UsernameExists()
    try:
        with transaction.atomic():
            user = User.objects.create_user(username, email, password, role=role)
            if role != Role.USER:
                note_change(Occasion.ROLE_GIVEN, user_id=user.pk, by=by.pk, role=role)
            return user
    except IntegrityError as problem:
        raise _taken(problem) from None


def require_reauthentication(
    *,
    account: User,
    by: User,
    email: str | None,
    password: str | None,
    role: str | None,
    fresh: bool,
    current_password: str | None,
) -> None:
    """Require a fresh sign-in for a new password or address, and for making an admin. None means no change."""
    makes_admin = role == Role.ADMIN and not account.is_admin and allowed(by, "user", "make_admin")
    if makes_admin or password is not None or (email is not None and normalize_email(email) != account.email):
        require_fresh_sign_in(by=by, fresh=fresh, current_password=current_password)


def require_fresh_sign_in(*, by: User, fresh: bool, current_password: str | None, msg: str | None = None) -> None:
    """Raise ReauthenticationRequired unless `fresh` (under 15 minutes) or given the password."""
    if fresh or (current_password and by.check_password(current_password)):
        return
    if current_password:
        note(Occasion.REAUTHENTICATION_FAILED, user_id=by.pk)
    raise ReauthenticationRequired(msg)


def validate_changes(*, account: User, by: User, changes: AccountChanges) -> AccountChanges:
    """Return the real changes, if `by` may make them. Call `require_reauthentication` first.

    Raise a 400 for a weak password or a role that `by` may not give, and Forbidden for a deactivation.
    """
    wanted: dict[str, Any] = {**changes}
    if "email" in wanted:
        wanted["email"] = normalize_email(wanted["email"])
    password = wanted.pop("password", None)
    real = {name: value for name, value in wanted.items() if getattr(account, name) != value}
    if password is not None:
        real["password"] = password
    if "role" in real:
        _check_role(real["role"], by)
    if "is_active" in real:
        require(by, "user", "deactivate", account)
    if "is_trusted_to_write" in real:
        require(by, "user", "trust_to_write", account)
    if password is not None:
        validate_new_password(password, User(**{"username": account.username, "email": account.email, **wanted}))
    return real  # type: ignore[return-value]


@retried
def apply_changes(*, account_id: int, changes: AccountChanges, condition: Precondition = UNCONDITIONAL) -> User:
    """Write changes that `validate_changes` returned.

    Deactivation ends all sign-ins. The previous address is notified of a new password or address, and a new address
    gets a verification link. Raise LastAdmin, UsernameExists, EmailExists, UserNotFound or PreconditionFailed.
    """
    with transaction.atomic():
        account = lock_account(account_id)
        condition.require(account)
        if not changes:
            return account
        address = account.email
        values: dict[str, Any] = {**changes}
        if values.get("role", Role.ADMIN) != Role.ADMIN or not values.get("is_active", True):
            refuse_last_admin(account)
        if not values.get("is_active", True):
            values["sign_in_generation"] = account.sign_in_generation + 1
        if _is_address_of_another(values.get("username", ""), account_id):
            raise UsernameExists()
        if "email" in values:
            values["email_verified"] = _not_yet_verified()
        if "password" in values:
            account.set_password(values.pop("password"))
        for name, value in values.items():
            setattr(account, name, value)
        try:
            with one_statement():
                account.save(update_fields=[*changes, *values, "updated_at"])
        except IntegrityError as problem:
            raise _taken(problem) from None
        account.ensure_profile()
        _note_changes(account, changes)
        notify_of_change(account, address, changes)
        if "email" in changes:
            send_verification_link(account)
        return account


def send_verification_link(account: User) -> None:
    """Send a link unless the address is verified or EMAIL_VERIFICATION is off."""
    if settings.EMAIL_VERIFICATION != "off" and not account.email_verified:
        later(mails.send_verification_link, account.pk)


def notify_of_change(account: User, address: str, changed: Iterable[str]) -> None:
    """Mail the previous address about a new password or address."""
    if fields := [label for name, label in NOTIFIED_FIELDS.items() if name in changed]:
        later(mails.send_change_notice, account.pk, account.username, address, fields)


def end_sign_ins(*, account: User, by: User) -> User:
    require(by, "user", "end_sign_ins", account)
    if not User.objects.filter(pk=account.pk).update(sign_in_generation=F("sign_in_generation") + 1):
        raise UserNotFound()
    note_change(Occasion.SIGN_INS_ENDED, user_id=account.pk, by=by.pk)
    return User.objects.find(account.pk)


@retried
def update_profile(
    *, organizer: User, by: User, changes: ProfileChanges, condition: Precondition = UNCONDITIONAL
) -> OrganizerProfile:
    require(by, "organizer", "update", organizer)
    with transaction.atomic():
        profile, _ = OrganizerProfile.objects.select_for_update().get_or_create(user=organizer)
        condition.require(profile)
        for name, text in changes.items():
            setattr(profile, name, text)
        profile.save(update_fields=[*changes])
        return profile


def lock_account(account_id: int) -> User:
    """Lock an account until the transaction ends. Raise UserNotFound.

    If two admins remove each other, the second is refused as the last one: all admins are locked, by id.
    """
    accounts = User.objects.select_for_update().order_by("pk")
    if User.objects.filter(pk=account_id, role=Role.ADMIN).exists():
        list(accounts.filter(role=Role.ADMIN).values_list("pk"))
    try:
        return accounts.get(pk=account_id)
    except User.DoesNotExist:
        raise UserNotFound() from None


def refuse_last_admin(account: User) -> None:
    others = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=account.pk)
    if account.is_admin and account.is_active and not others.exists():
        raise LastAdmin()


def _note_changes(account: User, changes: AccountChanges) -> None:
    by = audit.actor_id()
    if "role" in changes:
        note_change(Occasion.ROLE_GIVEN, user_id=account.pk, by=by, role=account.role)
    if "password" in changes:
        note_change(Occasion.PASSWORD_CHANGED, user_id=account.pk, by=by)
    if "email" in changes:
        note_change(Occasion.EMAIL_CHANGED, user_id=account.pk, by=by)
    if not changes.get("is_active", True):
        note_change(Occasion.SIGN_INS_ENDED, user_id=account.pk, by=by)


def _taken(problem: IntegrityError) -> Refusal:
    return (UsernameExists if "username" in violated(problem) else EmailExists)()


def _is_address_of_another(username: str, account_id: int = NEW) -> bool:
    """Return whether the username is the address of another account."""
    holders = User.objects.filter(email__lower=normalize_email(username)).exclude(pk=account_id)
    return "@" in username and holders.exists()


def _check_role(role: str, by: User | None) -> None:
    if by is not None and allowed(by, "user", "make_admin"):
        return
    if role == Role.ADMIN:
        raise Invalid({"role": ["Only an admin can make an admin."]})
    if role == Role.ORGANIZER and settings.ORGANIZER_SIGNUP != "open":
        raise Invalid({"role": ["Organizers are made by an admin here."]})


def _not_yet_verified() -> bool | None:
    """Return `email_verified` of a new address: None where verification is off."""
    return None if settings.EMAIL_VERIFICATION == "off" else False


def validate_new_password(password: str, user: User) -> None:
    if len(password) > MAX_PASSWORD_LENGTH:
        raise Invalid({"password": [f"At most {MAX_PASSWORD_LENGTH} characters."]})
    try:
        validate_password(normalized(password), user)
    except PasswordProblem as problem:
        raise Invalid({"password": problem.messages}) from None
