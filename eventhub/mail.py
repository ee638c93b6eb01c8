"""What all mails of the service share."""

import re
import smtplib
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
MAX_VALUE = 255
# They turn the text around them, so a name with one could make a sentence read backwards (Unicode, UAX 9).
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
OURS = (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused)


def site_name() -> str:
    """Return the host of the service, as mails name it. As a link it would lead to JSON."""
    return urlsplit(settings.PUBLIC_URL).netloc


def one_line(value: object) -> str:
    """Make a value safe for a line: no line breaks, no marks that turn text around, bounded."""
    return BIDI.sub("", " ".join(str(value).split()))[:MAX_VALUE]


class MailFailure(NamedTuple):
    """Why a mail was not sent, without the server's text, which may repeat the address."""

    reason: str
    is_permanent: bool


def describe_failure(error: Exception) -> MailFailure:
    """Say whether a retry can help.

    From 500 on the refusal is permanent (RFC 5321, section 4.2.1), except for our login and our sender, since the
    operator can mend the settings. So is the ValueError of an address that is none.
    """
    if isinstance(error, ValueError):
        return MailFailure("ValueError", is_permanent=True)
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((code for code, _ in error.recipients.values()), None)
    reason = f"{type(error).__name__}{f' {code}' if code else ''}"
    is_permanent = bool(code and code >= 500) and not isinstance(error, OURS)
    return MailFailure(reason, is_permanent)
