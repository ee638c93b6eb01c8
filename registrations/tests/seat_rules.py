"""The contract's seat rules, checked in the database and against the responses of a race."""

from collections import Counter

from django.db.models import Count

from events.models import Event
from registrations.models import LIVE, Registration
from registrations.services import seat_audit


def rules_hold(answers):
    """Rules 1, 2 and 4 of the database as it is; rule 3 of the answers: who was told 201 has a row."""
    assert list(seat_audit.find_faults()) == []
    assert [event for event in Event.objects.all() if event.seats_left < 0] == []
    doubles = Registration.objects.filter(status__in=LIVE).values("event", "user").annotate(n=Count("pk"))
    assert list(doubles.filter(n__gt=1)) == []
    created = [answer.json()["attendee_id"] for answer in answers if answer.status_code == 201]
    assert Registration.objects.filter(pk__in=created).count() == len(created) == len(set(created))


def codes(answers):
    return Counter(answer.json()["code"] if answer.status_code >= 400 else answer.status_code for answer in answers)
