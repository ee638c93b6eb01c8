from accounts.authentication import BearerAuthentication
from accounts.models import User
from checkin.models import GateToken
from checkin.services import gate_tokens


def _by_gate_token(secret: str) -> tuple[User, GateToken]:
    token = gate_tokens.authenticate_token(secret)
    gate_tokens.record_use(token)
    return token.event.organizer, token


class GateAuthentication(BearerAuthentication):
    """Accept a gate token too, for the operations at the door. Everywhere else it is a bad token."""

    by_prefix = {**BearerAuthentication.by_prefix, gate_tokens.PREFIX: _by_gate_token}
