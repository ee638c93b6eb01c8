from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.services import token_secrets
from checkin.models import GateToken
from checkin.services import gate_tokens
from eventhub.testing.contract_client import ContractClient


@pytest.fixture
def gate_of(db):
    """Make a gate token of an event, and its client."""

    def make(event, **values):
        secret = token_secrets.new_secret(gate_tokens.PREFIX)
        until = timezone.now() + timedelta(days=400)
        digest = token_secrets.digest_of(secret)
        values = {"name": "North door", "expires_at": until, "created_by": event.organizer, **values}
        GateToken.objects.create(event=event, digest=digest, **values)
        return ContractClient(secret)

    return make
