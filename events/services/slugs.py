"""Addresses of events' pages: the slug in `/e/<slug>`, and former ones, which lead to the present one.

An event gets its slug when it is announced: the addresses of drafts and private events would tell that they exist.
"""

import re
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from eventhub.db.retry import retried
from eventhub.db.text_search import fold
from eventhub.exceptions import EventNotFound, Invalid
from events.exceptions import SlugTaken
from events.models import SLUG_LENGTH, Event, EventSlug, EventStatus, Visibility

# Words of paths beside events.
RESERVED = {"by-slug", "calendar", "event", "events", "feed", "ics", "new", "preview", "register", "registrations"}
# An event keeps its former addresses; so many, that nobody collects those of others.
MAX_SLUGS = 20
AT_ONCE = 500
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def page_path(event: Event) -> str:
    return f"/e/{event.slug or event.pk}"


def page_url(event: Event) -> str:
    """Return the URL of the event's page for everybody who has its link. Empty: there is none."""
    return f"{settings.PUBLIC_URL}{page_path(event)}" if settings.PUBLIC_PAGES and _is_announced(event) else ""


def slug_of(text: str) -> str:
    """Return the text as a slug, which is empty for one without Latin letters and digits."""
    return slugify(fold(text) or "")[:SLUG_LENGTH].strip("-_").replace("_", "-")


def check_slug(slug: str) -> None:
    """Raise a 400 for what cannot be an address."""
    if len(slug) > SLUG_LENGTH or not _SLUG.fullmatch(slug):
        problem = "Use small letters from a to z, digits, and single hyphens between them."
    elif slug.isdigit():
        problem = "An address needs a letter: a number alone is the number of an event."
    elif slug in RESERVED:
        problem = "This word is reserved. Choose another."
    else:
        return
    raise Invalid({"slug": [problem]})


def choose(event: Event, wanted: str | None) -> bool:
    """Set the slug of an event, unsaved, and return whether it is another.

    An empty `wanted` makes a new one from the title, None keeps the present one. Raise a 400, and SlugTaken.
    """
    was = event.slug
    if wanted:
        if wanted != was:
            check_slug(wanted)
            if not _free(event, [wanted]):
                raise SlugTaken()
        event.slug = wanted
    elif _is_announced(event) and (wanted == "" or not was):
        # Who does not have the link of an unlisted event must not guess it.
        is_guessable = event.visibility != Visibility.UNLISTED
        event.slug = _from_title(event) if is_guessable else with_letters(event.title)
    return bool(event.slug != was)


def keep(event: Event) -> None:
    """Note the slug of a saved event. Raise SlugTaken where another one has taken it since, and a 400."""
    if not event.slug:
        return
    row, is_new = EventSlug.objects.get_or_create(slug=event.slug, defaults={"event": event})
    if row.event_id != event.pk:  # of a deleted one, or taken in this moment
        if Event.objects.filter(pk=row.event_id).exists():
            raise SlugTaken()
        EventSlug.objects.filter(slug=event.slug).update(event=event)
    if is_new and event.slugs.count() > MAX_SLUGS:
        raise Invalid({"slug": [f"An event can have {MAX_SLUGS} addresses, former ones included."]})


def give(event: Event, wanted: str | None) -> bool:
    """Choose the slug of an event that has a row, keep it, and return whether it is another."""
    if not choose(event, wanted):
        return False
    try:
        keep(event)
    except SlugTaken:
        if wanted:
            raise
        event.slug = with_letters(event.title)
        keep(event)
    return True


def find_event_id(slug: str) -> int:
    """Return the id of the event that has or had this address. Raise EventNotFound."""
    row = _of_events().filter(slug=slug).first()
    if row is None:
        raise EventNotFound()
    return row.event_id


def fill_slugs(*, dry_run: bool = False, **_: Any) -> int:
    """Give announced events of former releases and of raw SQL their slug; return how many.

    Former releases do not know the column, so this can run while they serve.
    """
    without = Event.objects.filter(WITHOUT_SLUG).order_by("pk")
    if dry_run:
        return without.count()  # type: ignore[no-any-return]
    done = 0
    while batch := list(without.only("pk", "title", "slug", "status", "visibility")[:AT_ONCE]):
        for event in batch:
            _fill(event)
        done += len(batch)
    return done


@retried
def _fill(event: Event) -> None:
    with transaction.atomic():
        event.slug = ""
        give(event, None)
        # Not `save`: nobody has edited the event.
        Event.objects.filter(pk=event.pk, slug="").update(slug=event.slug)


def _is_announced(event: Event) -> bool:
    return bool(event.status != EventStatus.DRAFT and event.visibility != Visibility.PRIVATE)


WITHOUT_SLUG = Q(slug="") & ~Q(status=EventStatus.DRAFT) & ~Q(visibility=Visibility.PRIVATE)


def with_letters(title: str) -> str:
    """Return a slug that nobody else makes in this moment."""
    return f"{_base(title)}-{get_random_string(7).lower()}"


def _base(title: str) -> str:
    base = slug_of(title)
    if not base or base.isdigit() or base in RESERVED:
        base = f"event-{base}" if base else "event-1"
    return base[: SLUG_LENGTH - 8].rstrip("-")


def _from_title(event: Event) -> str:
    base = _base(event.title)
    names = [base, *(f"{base}-{number}" for number in range(2, 10))]
    free = _free(event, names)
    return next((name for name in names if name in free), "") or with_letters(event.title)


def _free(event: Event, slugs: list[str]) -> set[str]:
    others = _of_events().filter(slug__in=slugs).exclude(event=event.pk)
    return {*slugs} - {*others.values_list("slug", flat=True)}


def _of_events() -> QuerySet[EventSlug]:
    """Leave out those of events that the previous release has deleted."""
    return EventSlug.objects.filter(event__in=Event.objects.order_by())
