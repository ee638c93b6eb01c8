"""Summaries for organizers: once a day or a week, of what happened at their events, if anything did."""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Digest, OrganizerProfile
from notifications.models import Kind, Notice
from notifications.services.notices import priority_of
from notifications.services.truth import reason_to_skip

AT_ONCE = 100
# In TIME_ZONE; the summaries of a week end on Monday.
ENDS_AT = time(6)
MONDAY = 0
# They wait for registrations that have their time already but are not committed.
GRACE = timedelta(minutes=10)
# After an interruption a summary covers no more than this.
LONGEST = timedelta(days=31)


def make_digests(*, now: datetime | None = None) -> int:
    """Make the summaries that are due, of AT_ONCE organizers at most; return for how many it was their time."""
    now = now or timezone.now()
    ends = {digest: latest_end(digest, now - GRACE) for digest in (Digest.DAILY, Digest.WEEKLY)}
    is_due = Q()
    for digest, end in ends.items():
        is_due |= Q(digest=digest, digest_until__lt=end)
    due = OrganizerProfile.objects.filter(is_due).select_related("user").order_by("digest_until", "pk")
    profiles = list(due[:AT_ONCE])
    for profile in profiles:
        _make(profile, ends[Digest(profile.digest)], now)
    return len(profiles)


def latest_end(digest: str, now: datetime) -> datetime:
    """Return the latest moment at which summaries of this interval end."""
    local = timezone.localtime(now)
    day = local.date() - timedelta(days=local.time() < ENDS_AT)
    if digest == Digest.WEEKLY:
        day -= timedelta(days=(day.weekday() - MONDAY) % 7)
    return timezone.make_aware(datetime.combine(day, ENDS_AT))


def _make(profile: OrganizerProfile, end: datetime, now: datetime) -> None:
    """Move the organizer's place, which one process alone can do, and make a notice if it would be sent."""
    begin = profile.digest_until
    same = OrganizerProfile.objects.filter(pk=profile.pk, digest=profile.digest, digest_until=begin)
    with transaction.atomic():
        if begin is None or not same.update(digest_until=end):
            return
        notice = Notice(
            kind=Kind.DIGEST,
            priority=priority_of(Kind.DIGEST),
            user=profile.user,
            digest_from=max(begin, end - LONGEST),
            digest_until=end,
        )
        if not reason_to_skip(notice, now=now):
            notice.save()
