"""Log lines about attacks and changes of power, on the logger `eventhub.security`.

They name accounts by id: no names, no addresses, no secrets.
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
    GATE_TOKEN_MADE = "gate_token_made"  # noqa: S105
    GATE_TOKEN_REVOKED = "gate_token_revoked"  # noqa: S105
    FEED_MADE = "feed_made"
    FEED_REVOKED = "feed_revoked"
    TEAM_INVITED = "team_invited"
    TEAM_JOINED = "team_joined"
    TEAM_ROLE_CHANGED = "team_role_changed"
    TEAM_LEFT = "team_left"
    DATA_EXPORTED = "data_exported"
    ACCOUNT_ERASED = "account_erased"


def note(occasion: Occasion, *, user_id: int | None = None, by: int | None = None, **facts: str | int) -> None:
    """Log whom it concerns (`user_id`), who did it (`by`), and facts that are no secret."""
    known = {"user_id": user_id, "by": by, **facts}
    logger.info(occasion.value, extra={"facts": {name: value for name, value in known.items() if value is not None}})


def note_change(occasion: Occasion, *, user_id: int | None = None, by: int | None = None, **facts: str | int) -> None:
    transaction.on_commit(functools.partial(note, occasion, user_id=user_id, by=by, **facts))
