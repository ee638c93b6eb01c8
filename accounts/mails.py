"""Mails about an account, as background tasks. Tokens are created when they run, and exist only in the mail.

They are in the language of the account, or of the site.
"""

import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from accounts import signed_links
from accounts.models import User
from eventhub.api import credential_limit
from eventhub.languages import Language, first_language
from eventhub.mail import HEADERS, describe_failure, site_name
from eventhub.tasks import NotDone, task

SUBJECTS = {
    Language.EN: {"reset": "Choose a new password", "verification": "Confirm your email address"},
    Language.DE: {"reset": "Neues Passwort wählen", "verification": "Bestätigen Sie Ihre E-Mail-Adresse"},
}
FOLDERS = {Language.EN: "accounts/mails", Language.DE: "accounts/mails/de"}
# What a change notice calls the fields: with their owner in the subject, and with an article.
GERMAN = {"password": ("Ihr Passwort", "das Passwort"), "email address": ("Ihre E-Mail-Adresse", "die E-Mail-Adresse")}
# Limits that keep anyone from filling a mailbox.
SECONDS_BETWEEN_LINKS = 60
HOUR = 60 * 60
MOST_LINKS_AN_HOUR, MOST_CHANGES_AN_HOUR = 10, 20  # for one account, to any address


@task
def send_reset_link(account_id: int) -> None:
    account = User.objects.filter(pk=account_id, is_active=True).first()
    if account is None:
        return
    with _rate_limited("reset", account) as first:
        if first:
            link = settings.PASSWORD_RESET_URL.replace("{token}", signed_links.make_token(account, signed_links.RESET))
            _send_link(account, "reset", link)


@task
def send_verification_link(account_id: int) -> None:
    account = User.objects.filter(pk=account_id, is_active=True).first()
    if account is None or account.email_verified:
        return
    with _rate_limited("verification", account) as first:
        if first:
            token = signed_links.make_token(account, signed_links.VERIFICATION)
            link = settings.EMAIL_VERIFICATION_URL.replace("{token}", token)
            _send_link(account, "verification", link)


@task
def send_change_notice(account_id: int, username: str, address: str, what: Sequence[str]) -> None:
    """Tell the old address that "password", "email address" or both have changed.

    Sent even if the account is gone by now: deleting it may have been the attack.
    """
    if credential_limit.count(f"mail:changed:{account_id}", seconds=HOUR).so_far > MOST_CHANGES_AN_HOUR:
        return
    own = User.objects.filter(pk=account_id).values_list("language", flat=True).first()
    language = Language(first_language(own or ""))
    facts = {
        "username": username,
        "moved": "email address" in what,
        "ask": f"{settings.PUBLIC_URL}/admin/password-reset/",
    }
    subject, words = _change_words(language, what)
    send_mail(language, address, subject, f"{FOLDERS[language]}/changed", **facts, **words)


def _change_words(language: Language, what: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return the subject, and what the text calls the change."""
    is_one = len(what) == 1
    if language == Language.DE:
        has, names = "wurde" if is_one else "wurden", [GERMAN[each] for each in what]
        named = " und ".join(named for _, named in names)
        return f"{' und '.join(owned for owned, _ in names)} {has} geändert", {"has": has, "what": named}
    has = "has" if is_one else "have"
    return f"Your {' and '.join(what)} {has} been changed", {"has": has, "what": " and the ".join(what)}


@contextmanager
def _rate_limited(kind: str, account: User) -> Iterator[bool]:
    """Yield whether to send now. A failed mail may be sent again at once."""
    key = f"mail:{kind}:{account.pk}:{signed_links.fingerprint(account.email)}"
    first = cache.add(key, True, SECONDS_BETWEEN_LINKS)
    if first and credential_limit.count(f"mail:{kind}:{account.pk}", seconds=HOUR).so_far > MOST_LINKS_AN_HOUR:
        first = False
    try:
        yield first
    except Exception:
        cache.delete(key)
        raise


def _send_link(account: User, template: str, link: str) -> None:
    language = Language(first_language(account.language))
    subject, path = SUBJECTS[language][template], f"{FOLDERS[language]}/{template}"
    send_mail(language, account.email, subject, path, username=account.username, link=link)


def send_mail(language: Language, address: str, subject: str, template: str, **context: object) -> None:
    """Send the mail of a template without its ending. Raise NotDone."""
    shown = {"site": site_name(), "subject": subject, **context}
    with translation.override(language):
        text, html = (render_to_string(f"{template}.{kind}", shown) for kind in ("txt", "html"))
    message = EmailMultiAlternatives(subject, text, to=[address], headers=HEADERS)
    message.attach_alternative(html, "text/html")
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        failure = describe_failure(error)
        raise NotDone(f"The email could not be sent: {failure.reason}", for_good=failure.is_permanent) from None
