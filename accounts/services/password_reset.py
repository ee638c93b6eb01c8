"""Getting back into an account by its mailbox, and showing that an address is one's own."""

from django.db import transaction

from accounts import mails, signed_links
from accounts.models import User, normalize_email
from accounts.services.accounts import lock_account, notify_of_change, validate_new_password
from eventhub.db.retry import retried
from eventhub.exceptions import TokenNotValid, UserNotFound
from eventhub.observability.security_log import Occasion, note, note_change
from eventhub.tasks import later

NOBODY = 0  # the id of no account


def request_reset(*, email: str) -> None:
    """Sends a link for a new password to the account of that address, if there is one. It does the same, and takes the
    same time, where there is none."""
    address = normalize_email(email)
    account_id = User.objects.filter(email__lower=address).order_by().values_list("pk", flat=True).first()
    later(mails.send_reset_link, account_id or NOBODY)
    note(Occasion.PASSWORD_RESET_ASKED, user_id=account_id)


@retried
def reset_password(*, token: str, password: str) -> User:
    """A new password for the account that the link of a mail is for, also the first for one that nobody has claimed.

    TokenNotValid for a link that is used up, has run out, or is of an account that is not active; a 400 for a weak
    password, after which the link is still good. All sign-ins end, and a second factor stays. The address is verified.
    """
    with transaction.atomic():
        account = _lock(token, signed_links.RESET)
        validate_new_password(password, account)
        account.set_password(password)
        account.sign_in_generation += 1  # everything that stands for the person, and not only for the password
        account.email_verified = True
        account.save(update_fields=["password", "sign_in_generation", "email_verified", "updated_at"])
        notify_of_change(account, account.email, ["password"])
        note_change(Occasion.PASSWORD_RESET, user_id=account.pk)
        return account


@retried
def verify_email(*, token: str) -> User:
    """Notes that the address of the account that the link is for is the person's. Again changes nothing.

    TokenNotValid for a link that has run out, or whose account is not active or has another address by now.
    """
    with transaction.atomic():
        account = _lock(token, signed_links.VERIFICATION)
        if not account.email_verified:
            account.email_verified = True
            account.save(update_fields=["email_verified", "updated_at"])
            note_change(Occasion.EMAIL_VERIFIED, user_id=account.pk)
        return account


def is_valid_link(token: str, purpose: signed_links.Purpose) -> bool:
    """Whether a link would do what it is for now; to be asked before a form is shown."""
    account = User.objects.filter(pk=signed_links.read_account_id(token, purpose) or NOBODY, is_active=True).first()
    return account is not None and signed_links.check_token(token, account, purpose)


def _lock(token: str, purpose: signed_links.Purpose) -> User:
    """The account of a good link, locked, so that of two uses of it at once one finds it used up."""
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
