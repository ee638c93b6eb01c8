"""Calendars at secret URLs, which calendar programs read again and again without signing in.

The secret is random (256 bits), so an unsalted SHA-256 of it is enough. A feed ends as a service token does: when it is
revoked, and when its owner sets a new password, ends all sign-ins, is deactivated or deleted.
"""

import hashlib
import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from accounts.services.accounts import lock_account
from eventhub.db.retry import one_statement, retried
from eventhub.exceptions import FeedNotFound, TokenNotValid, TooManyFeeds
from eventhub.observability.security_log import Occasion, note
from registrations.models import CalendarFeed, FeedKind

logger = logging.getLogger(__name__)

MAX_FEEDS = 10  # of an account
SECRET_BYTES = 32
USE_RESOLUTION = timedelta(hours=1)  # of `last_used_at`


@dataclass(frozen=True)
class NewFeed:
    feed: CalendarFeed
    secret: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"{settings.PUBLIC_URL}/calendars/{self.secret}.ics"

    @property
    def webcal_url(self) -> str:
        """Return the URL with the scheme that calendar programs subscribe to."""
        return f"webcal:{self.url.partition(':')[2]}"


@retried
def create_feed(*, owner: User, kind: str, now: datetime | None = None) -> NewFeed:
    """Create a feed. Call `accounts.require_fresh_sign_in` first.

    Raise TooManyFeeds, Forbidden for the events of somebody who is no organizer, and TokenNotValid for an owner whose
    sign-ins have ended.
    """
    if kind == FeedKind.EVENTS:
        require(owner, "feed", "create_of_events")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with transaction.atomic():
        account = lock_account(owner.pk)
        bond = account.get_session_auth_hash()
        if owner.get_session_auth_hash() != bond:
            raise TokenNotValid()
        held = CalendarFeed.objects.filter(user=account)
        held.exclude(bond=bond).delete()
        if held.count() >= MAX_FEEDS:
            raise TooManyFeeds()
        feed = CalendarFeed.objects.create(
            user=account, kind=kind, digest=digest_of(secret), bond=bond, created_at=now or timezone.now()
        )
    note(Occasion.FEED_MADE, user_id=owner.pk, by=owner.pk, feed_id=feed.pk, kind=kind)
    return NewFeed(feed, secret)


def list_feeds(owner: User) -> QuerySet[CalendarFeed]:
    return CalendarFeed.objects.filter(user=owner, bond=owner.get_session_auth_hash())


def revoke_feed(*, feed: CalendarFeed, by: User) -> None:
    require(by, "feed", "destroy", feed)
    feed_id, owner_id = feed.pk, feed.user_id
    feed.delete()
    note(Occasion.FEED_REVOKED, user_id=owner_id, by=by.pk, feed_id=feed_id)


def find_feed(secret: str) -> CalendarFeed:
    """Return the feed with its owner, in one query. Raise FeedNotFound, also for one that has ended."""
    feeds = CalendarFeed.objects.filter(digest=digest_of(secret)).select_related("user__profile")
    feed: CalendarFeed | None = feeds.order_by().first()
    if feed is None or not feed.user.is_active or feed.bond != feed.user.get_session_auth_hash():
        raise FeedNotFound()
    return feed


def record_use(feed: CalendarFeed, *, now: datetime) -> None:
    if feed.last_used_at is None or now - feed.last_used_at >= USE_RESOLUTION:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_RESOLUTION)
        try:
            with one_statement():
                CalendarFeed.objects.filter(stale, pk=feed.pk).update(last_used_at=now)
        except Error as problem:
            logger.info("Could not record the use of a calendar feed (%s)", type(problem).__name__)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
