"""Scans of devices without network come to the same, in whatever order and however often they are uploaded."""

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from checkin.models import Presence, Scan
from checkin.services import presence_audit
from checkin.services.checkpoints import entrance_of
from checkin.services.judgement import Attempt, Door
from checkin.services.offline_scans import OfflineScan, record
from registrations.models import Registration
from registrations.services import seat_audit

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

PEOPLE, DEVICES = 3, 3
STATUSES = ("registered", "registered", "cancelled")
# Of a scan: the device, the person, and the minute. Two devices may name the same minute.
scans = st.tuples(
    st.integers(0, DEVICES - 1), st.integers(0, PEOPLE - 1), st.sampled_from(["in", "out"]), st.integers(1, 8)
)


@st.composite
def uploads(draw):
    """Draw scans, and two ways to upload them: batches in any order, some of them twice."""
    made = draw(st.lists(st.tuples(scans, st.uuids(version=4)), min_size=1, max_size=9, unique_by=lambda one: one[1]))
    ways = []
    for _ in range(2):
        order = draw(st.permutations(made))
        sent = [*order, *draw(st.lists(st.sampled_from(made), max_size=3))]
        size = draw(st.integers(1, 5))
        ways.append([sent[first : first + size] for first in range(0, len(sent), size)])
    return ways


@pytest.fixture
def event(make_event, olga):
    event = make_event(olga, max_capacity=5)
    entrance = entrance_of(event.pk)
    entrance.reentry = "after_exit"
    entrance.save()
    return event


def forget(event, rows):
    Scan.objects.filter(event=event).delete()
    Presence.objects.filter(checkpoint__event=event).delete()
    for row, status in zip(rows, STATUSES, strict=True):
        Registration.objects.filter(pk=row.pk).update(status=status)


def after(event, olga, rows, batches, now):
    """What is in the database after these batches."""
    forget(event, rows)
    for batch in batches:
        for device, of_device in itertools.groupby(batch, key=lambda one: one[0][0]):
            sent = [
                OfflineScan(
                    Attempt(registration_id=rows[person].pk, kind=kind, nonce=nonce), now - timedelta(minutes=minute)
                )
                for (_, person, kind, minute), nonce in of_device
            ]
            record(Door(event.pk, olga, device=f"Phone {device}"), sent, now=now)
    assert list(presence_audit.find_differences(event.pk)) == []
    assert list(seat_audit.find_faults()) == []
    presences = Presence.objects.order_by("registration_id").values_list(
        "registration_id", "inside", "entries", "first_in", "last_in", "last_out"
    )
    lines = Scan.objects.order_by("nonce").values_list("nonce", "registration_id", "kind", "result", "device", "at")
    statuses = Registration.objects.filter(event=event).order_by("pk").values_list("status", flat=True)
    return list(presences), list(lines), list(statuses)


def test_the_order_of_uploads_does_not_matter(event, enroll, olga):
    rows, now = [enroll(event, status=status) for status in STATUSES], timezone.now()

    @settings(max_examples=25)
    @given(uploads())
    def agree(ways):
        first, second = (after(event, olga, rows, batches, now) for batches in ways)
        assert first == second

    agree()
