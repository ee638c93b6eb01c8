"""The second factor of the back office: a code of the person's phone (TOTP, RFC 6238), or a recovery code.

What is wrong or comes too fast is a refusal; django-otp keeps the count of failures by device, and the callers that of
their own throttles.
"""

import math
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django_otp.models import Device, ThrottlingMixin
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from accounts.models import User
from accounts.permissions import require
from accounts.services.accounts import end_sign_ins, lock_account
from eventhub.exceptions import CodesPaused, SecondFactorExists, WrongCode
from eventhub.observability.security_log import Occasion, note

RECOVERY_CODES = 10


class SecondFactorSetup(NamedTuple):
    """A second factor that has just been set up. The codes are never to be seen again."""

    device: TOTPDevice
    recovery_codes: list[str]


def generate_key() -> str:
    """A secret for a phone, which counts once `set_up` has seen a code of it."""
    return default_key()  # type: ignore[no-any-return]


def build_device(account: User, key: str) -> TOTPDevice:
    """The device that `set_up` would make, to show its address and secret."""
    return TOTPDevice(user=account, key=key, name="Phone", confirmed=True)


def is_set_up(account: User) -> bool:
    return TOTPDevice.objects.filter(user=account, confirmed=True).exists()  # type: ignore[no-any-return]


def recovery_codes_left(account: User) -> int:
    return StaticToken.objects.filter(device__user=account).count()  # type: ignore[no-any-return]


def enable(*, account: User, key: str, code: str) -> SecondFactorSetup:
    """Makes the phone that has `key`, and shows so by its first code, the account's second factor.

    WrongCode; SecondFactorExists where it has one.
    """
    with transaction.atomic():
        lock_account(account.pk)
        if is_set_up(account):
            raise SecondFactorExists()
        device = build_device(account, key)
        if not device.verify_token(_plain(code)):
            raise WrongCode()
        return SecondFactorSetup(device, _renew(account))


def verify(*, account: User, code: str) -> Device:
    """The device that takes this code, which works once. WrongCode, or CodesPaused after too many of them."""
    code = _plain(code)
    kind = TOTPDevice if len(code) == 6 and code.isdigit() else StaticDevice
    # A failure is counted and stays so: the refusal must not undo it.
    with transaction.atomic():
        device = kind.objects.select_for_update().filter(user=account, confirmed=True).first()
        wait = _wait(device) if device else 0
        taken = device is not None and not wait and device.verify_token(code)
    if not taken:
        note(Occasion.CODE_REFUSED, user_id=account.pk)
        raise CodesPaused(wait=wait) if wait else WrongCode()
    return device


def renew_recovery_codes(*, account: User, code: str) -> list[str]:
    """New recovery codes in place of the old ones, for a code; as `verify`."""
    verify(account=account, code=code)
    with transaction.atomic():
        lock_account(account.pk)
        return _renew(account)


def disable(*, account: User, code: str) -> None:
    """Ends the account's second factor, for a code; as `verify`."""
    verify(account=account, code=code)
    _remove(account)


def reset(*, account: User, by: User) -> None:
    """Ends the second factor of somebody who lost the phone, and all sign-ins, one of which may be on it."""
    require(by, "user", "reset_second_factor", account)
    with transaction.atomic():
        _remove(account)
        end_sign_ins(account=account, by=by)


def _plain(code: str) -> str:
    """As it is kept: people type the blanks and dashes that they see."""
    return "".join(letter for letter in code.lower() if letter not in " -")


def _wait(device: ThrottlingMixin) -> int:
    """Seconds until the device looks at a code again."""
    allowed, why = device.verify_is_allowed()
    return 0 if allowed else math.ceil((why["locked_until"] - timezone.now()).total_seconds())


def _renew(account: User) -> list[str]:
    StaticDevice.objects.filter(user=account).delete()
    device = StaticDevice.objects.create(user=account, name="Recovery codes")
    tokens = [StaticToken(device=device, token=StaticToken.random_token()) for _ in range(RECOVERY_CODES)]
    return [token.token for token in StaticToken.objects.bulk_create(tokens)]


def _remove(account: User) -> None:
    with transaction.atomic():
        TOTPDevice.objects.filter(user=account).delete()
        StaticDevice.objects.filter(user=account).delete()
