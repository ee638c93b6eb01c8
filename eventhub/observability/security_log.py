"""What an operator wants to know of attacks, and of power that changes hands: a line each on the logger
`eventhub.security`.

A line names accounts by their ids alone: no names, no addresses, and never a secret.
"""

import functools
import logging
from enum import StrEnum

from django.db import transaction

logger = logging.getLogger("eventhub.security")


class Occasion(StrEnum):
    LOGIN_FAILED = "login_failed"
    CODE_REFUSED = "code_refused"
    REAUTHENTICATION_FAILED = "reauthentication_failed"
    ROLE_GIVEN = "role_given"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    PASSWORD_RESET_ASKED = "password_reset_asked"  # noqa: S105
    PASSWORD_RESET = "password_reset"  # noqa: S105
    EMAIL_CHANGED = "email_changed"
    EMAIL_VERIFIED = "email_verified"
    SIGN_INS_ENDED = "sign_ins_ended"
    TOKEN_MADE = "token_made"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    DATA_EXPORTED = "data_exported"
    ACCOUNT_ERASED = "account_erased"


def note(occasion: Occasion, *, user_id: int | None = None, by: int | None = None, **facts: str | int) -> None:
    """Writes it down: whom it concerns, who did it (ids of accounts), and facts that are nobody's secret."""
    known = {"user_id": user_id, "by": by, **facts}
    logger.info(occasion.value, extra={"facts": {name: value for name, value in known.items() if value is not None}})


def note_change(occasion: Occasion, *, user_id: int | None = None, by: int | None = None, **facts: str | int) -> None:
    """As `note`, of what the present transaction does, once that is committed."""
    transaction.on_commit(functools.partial(note, occasion, user_id=user_id, by=by, **facts))
