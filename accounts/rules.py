"""The rules of accounts: signing up, changing one, and that an admin is always left.

What a change means for events and seats (deleting or demoting an organizer) is in registrations/people.py.
"""

from typing import Any, TypedDict

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as PasswordProblem
from django.db import IntegrityError, transaction
from rest_framework.exceptions import ValidationError

from accounts.models import Role, User, normalize_email
from accounts.permissions import allowed
from eventhub.errors import (
    EmailExists,
    LastAdmin,
    ReauthenticationRequired,
    UserExists,
    UsernameExists,
    UserNotFound,
)
from eventhub.transactions import one_statement, violated


class AccountChanges(TypedDict, total=False):
    username: str
    email: str
    password: str
    role: str


def sign_up(*, username: str, email: str, password: str, role: str = Role.USER) -> User:
    """A new account for anyone who asks. UserExists where the name or the address is taken; a 400 for a weak password,
    the admin role, or the organizer role while ORGANIZER_SIGNUP is closed."""
    if role == Role.ADMIN:
        raise ValidationError({"role": ["Only an admin can make an admin."]})
    if role == Role.ORGANIZER:
        _require_open_organizer_sign_up()
    _check_password(password, User(username=username, email=email))
    try:
        with transaction.atomic():
            return User.objects.create_user(username, email, password, role=role)
    except IntegrityError:
        raise UserExists() from None


def require_sign_in(
    *, account: User, by: User, email: str | None, password: str | None, fresh: bool, current_password: str | None
) -> None:
    """ReauthenticationRequired for a new password or address, unless `by` gave their password under 15 minutes ago
    (`fresh`) or gives it now. None for what is not to change."""
    sensitive = password is not None or (email is not None and normalize_email(email) != account.email)
    if sensitive and not fresh and not (current_password and by.check_password(current_password)):
        raise ReauthenticationRequired()


def check_changes(*, account: User, by: User, changes: AccountChanges) -> AccountChanges:
    """The part of `changes` that changes something, if `by`, of whom `require_sign_in` was asked, may make it.

    A 400 for a role not theirs to give, or a weak password.
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
    if password is not None:
        _check_password(password, User(**{"username": account.username, "email": account.email, **wanted}))
    return real  # type: ignore[return-value]


def apply_changes(*, account_id: int, changes: AccountChanges) -> User:
    """Writes what `check_changes` let pass. LastAdmin, UsernameExists, EmailExists or UserNotFound."""
    with transaction.atomic():
        account = lock_account(account_id)
        values: dict[str, Any] = {**changes}
        if values.get("role", Role.ADMIN) != Role.ADMIN:
            refuse_last_admin(account)
        if "password" in values:
            account.set_password(values.pop("password"))
        for name, value in values.items():
            setattr(account, name, value)
        try:
            with one_statement():
                account.save(update_fields=[*changes, "updated_at"])
        except IntegrityError as problem:
            raise (UsernameExists if "username" in violated(problem) else EmailExists)() from None
        account.ensure_profile()
        return account


def lock_account(account_id: int) -> User:
    """The account, locked until the transaction ends. An admin's is locked with all other admins', in order of id, so
    that of two admins who remove each other the second finds itself the last."""
    accounts = User.objects.select_for_update().order_by("pk")
    if User.objects.filter(pk=account_id, role=Role.ADMIN).exists():
        list(accounts.filter(role=Role.ADMIN).values_list("pk"))
    try:
        return accounts.get(pk=account_id)
    except User.DoesNotExist:
        raise UserNotFound() from None


def refuse_last_admin(account: User) -> None:
    """LastAdmin where `account`, locked, is the only active admin."""
    others = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=account.pk)
    if account.is_admin and account.is_active and not others.exists():
        raise LastAdmin()


def _check_role(role: str, by: User) -> None:
    if role == Role.ADMIN and not allowed(by, "user", "make_admin"):
        raise ValidationError({"role": ["Only an admin can make an admin."]})
    if role == Role.ORGANIZER and not allowed(by, "user", "make_admin"):
        _require_open_organizer_sign_up()


def _require_open_organizer_sign_up() -> None:
    if settings.ORGANIZER_SIGNUP != "open":
        raise ValidationError({"role": ["Organizers are made by an admin here."]})


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except PasswordProblem as problem:
        raise ValidationError({"password": problem.messages}) from None
