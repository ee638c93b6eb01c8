"""The mails about an account, each a background task.

A task is told whom it is about, by the id before all else, and looks the rest up when it runs. The token of a link is
made there, and is nowhere but in the mail. Run twice, it says the same twice.
"""

import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from accounts import signed_links
from accounts.models import User
from eventhub.api import credential_limit
from eventhub.tasks import NotDone, task

# Whoever asks for links over and over, or changes an address from one of somebody else's to the next, fills no mailbox.
SECONDS_BETWEEN_LINKS = 60
HOUR = 60 * 60
MOST_LINKS_AN_HOUR, MOST_CHANGES_AN_HOUR = 10, 20  # about one account, wherever they go
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


@task
def send_reset_link(account_id: int) -> None:
    """To the account's own address, also where somebody wrote it otherwise. Nothing for an account that is not there,
    or not active."""
    account = User.objects.filter(pk=account_id, is_active=True).first()
    if account is None:
        return
    with _once_in_a_while("reset", account) as first:
        if first:
            link = settings.PASSWORD_RESET_URL.replace("{token}", signed_links.make_token(account, signed_links.RESET))
            _send(account.email, "Choose a new password", "reset", username=account.username, link=link)


@task
def send_verification_link(account_id: int) -> None:
    """To the account's address. Nothing where that is verified by now."""
    account = User.objects.filter(pk=account_id, is_active=True).first()
    if account is None or account.email_verified:
        return
    with _once_in_a_while("verification", account) as first:
        if first:
            token = signed_links.make_token(account, signed_links.VERIFICATION)
            link = settings.EMAIL_VERIFICATION_URL.replace("{token}", token)
            _send(account.email, "Is this your address?", "verification", username=account.username, link=link)


@task
def tell_of_change(account_id: int, username: str, address: str, what: Sequence[str]) -> None:
    """To the address that the account had before: what of "password" and "email address" has been changed. Also where
    the account is gone by now, for that may be what somebody was after."""
    if credential_limit.count(f"mail:changed:{account_id}", seconds=HOUR).so_far > MOST_CHANGES_AN_HOUR:
        return
    _send(
        address,
        f"Your {' and '.join(what)} {'has' if len(what) == 1 else 'have'} been changed",
        "changed",
        username=username,
        what=" and the ".join(what),
        has="has" if len(what) == 1 else "have",
        moved="email address" in what,
        ask=f"{settings.PUBLIC_URL}/admin/password-reset/",
    )


@contextmanager
def _once_in_a_while(kind: str, account: User) -> Iterator[bool]:
    """Whether no such link has gone to that address lately, and not too many about the account. One that could not be
    sent may be sent again at once."""
    key = f"mail:{kind}:{account.pk}:{signed_links.fingerprint(account.email)}"
    first = cache.add(key, True, SECONDS_BETWEEN_LINKS)
    if first and credential_limit.count(f"mail:{kind}:{account.pk}", seconds=HOUR).so_far > MOST_LINKS_AN_HOUR:
        first = False
    try:
        yield first
    except Exception:
        cache.delete(key)
        raise


def _send(address: str, subject: str, template: str, **context: object) -> None:
    """One mail, as text and as HTML. NotDone, which names nobody, where the server does not take it."""
    shown = {"site": settings.PUBLIC_URL, "subject": subject, **context}
    text, html = (render_to_string(f"accounts/mails/{template}.{kind}", shown) for kind in ("txt", "html"))
    message = EmailMultiAlternatives(subject, text, to=[address], headers=HEADERS)
    message.attach_alternative(html, "text/html")
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        raise _not_sent(error) from None


def _not_sent(error: Exception) -> NotDone:
    """A server's words may repeat the address, so that its number has to do. From 500 on it will never take this mail
    (RFC 5321, section 4.2.1); that it would not have us sign in is nothing about the mail."""
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((code for code, _ in error.recipients.values()), None)
    said = f"{type(error).__name__}{f' {code}' if code else ''}"
    for_good = bool(code and code >= 500) and not isinstance(error, smtplib.SMTPAuthenticationError)
    return NotDone(f"The mail server did not take the mail: {said}", for_good=for_good)
