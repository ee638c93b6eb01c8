from django.db import transaction

from accounts import mails, signed_links
from accounts.email_addresses import normalize_email
from accounts.models import User
from accounts.services.accounts import lock_account, notify_of_change, validate_new_password
from eventhub.db.retry import retried
from eventhub.exceptions import TokenNotValid, UserNotFound
from eventhub.observability.security_log import Occasion, note, note_change
from eventhub.tasks import later

NOBODY = 0  # the id of no account


def request_reset(*, email: str) -> None:
    """Mail a reset link to the account, if any; take the same time without one."""
    address = normalize_email(email)
    account_id = User.objects.filter(email__lower=address).order_by().values_list("pk", flat=True).first()
    later(mails.send_reset_link, account_id or NOBODY)
    note(Occasion.PASSWORD_RESET_ASKED, user_id=account_id)


@retried
def reset_password(*, token: str, password: str) -> User:
    """Set a new password; for a placeholder account, its first.

    All sign-ins end, a second factor stays, and the address counts as verified. Raise TokenNotValid for an invalid
    link, and a 400 for a weak password, which does not use up the link.
    """
    with transaction.atomic():
        account = _lock(token, signed_links.RESET)
        validate_new_password(password, account)
        account.set_password(password)
        account.sign_in_generation += 1  # also ends what does not depend on the password
        account.email_verified = True
        account.save(update_fields=["password", "sign_in_generation", "email_verified", "updated_at"])
        notify_of_change(account, account.email, ["password"])
        note_change(Occasion.PASSWORD_RESET, user_id=account.pk)
        return account


@retried
def verify_email(*, token: str) -> User:
    """Raise TokenNotValid for an invalid link, or when the address has changed."""
    with transaction.atomic():
        account = _lock(token, signed_links.VERIFICATION)
        if not account.email_verified:
            account.email_verified = True
            account.save(update_fields=["email_verified", "updated_at"])
            note_change(Occasion.EMAIL_VERIFIED, user_id=account.pk)
        return account


def is_valid_link(token: str, purpose: signed_links.Purpose) -> bool:
    account = User.objects.filter(pk=signed_links.read_account_id(token, purpose) or NOBODY, is_active=True).first()
    return account is not None and signed_links.check_token(token, account, purpose)


def _lock(token: str, purpose: signed_links.Purpose) -> User:
    account_id = signed_links.read_account_id(token, purpose)
    if account_id is None:
        raise TokenNotValid()
    try:
        account = lock_account(account_id)
    except UserNotFound:
        raise TokenNotValid() from None
    if not account.is_active or not signed_links.check_token(token, account, purpose):
        raise TokenNotValid()
    return account
