"""Second factor of the back office: a code from a phone (TOTP, RFC 6238) or a recovery code.

django-otp counts failures by device; callers have throttles of their own.
"""

import math
import re
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
    device: TOTPDevice
    recovery_codes: list[str]


def generate_key() -> str:
    return default_key()  # type: ignore[no-any-return]


def build_device(account: User, key: str) -> TOTPDevice:
    """Build the unsaved device that `enable` saves, for its URL and secret."""
    return TOTPDevice(user=account, key=key, name="Phone", confirmed=True)


def is_set_up(account: User) -> bool:
    return TOTPDevice.objects.filter(user=account, confirmed=True).exists()  # type: ignore[no-any-return]


def recovery_codes_left(account: User) -> int:
    return StaticToken.objects.filter(device__user=account).count()  # type: ignore[no-any-return]


def enable(*, account: User, key: str, code: str) -> SecondFactorSetup:
    """Enable a phone that proves that it has `key`. Raise WrongCode or SecondFactorExists."""
    with transaction.atomic():
        lock_account(account.pk)
        if is_set_up(account):
            raise SecondFactorExists()
        device = build_device(account, key)
        if not (_is_of_phone(_plain(code)) and device.verify_token(_plain(code))):
            raise WrongCode()
        return SecondFactorSetup(device, _renew(account))


def verify(*, account: User, code: str) -> Device:
    """Use a code up and return its device. Raise WrongCode, or CodesPaused after too many."""
    code = _plain(code)
    kind = TOTPDevice if _is_of_phone(code) else StaticDevice
    # The refusal is raised outside, so that it does not roll back the count of failures.
    with transaction.atomic():
        device = kind.objects.select_for_update().filter(user=account, confirmed=True).first()
        wait = _wait(device) if device else 0
        taken = device is not None and not wait and device.verify_token(code)
    if not taken:
        note(Occasion.CODE_REFUSED, user_id=account.pk)
        raise CodesPaused(wait=wait) if wait else WrongCode()
    return device


def renew_recovery_codes(*, account: User, code: str) -> list[str]:
    verify(account=account, code=code)
    with transaction.atomic():
        lock_account(account.pk)
        return _renew(account)


def disable(*, account: User, code: str) -> None:
    verify(account=account, code=code)
    _remove(account)


def reset(*, account: User, by: User) -> None:
    """Remove the second factor of somebody who lost the phone, and end their sign-ins."""
    require(by, "user", "reset_second_factor", account)
    with transaction.atomic():
        _remove(account)
        end_sign_ins(account=account, by=by)


def _plain(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter not in " -")


def _is_of_phone(code: str) -> bool:
    return re.fullmatch(r"[0-9]{6}", code) is not None


def _wait(device: ThrottlingMixin) -> int:
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
