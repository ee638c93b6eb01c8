"""Tags and categories: words to find events by. Organizers make tags by naming them, admins make categories."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.text import slugify

from eventhub.exceptions import Invalid
from eventhub.text_fields import clean_line
from events.exceptions import TagExists
from events.models import SLUG_LENGTH, Event, EventTag, Series, Tag, TagKind
from events.services.slugs import slug_of

MAX_TAGS = 20
MAX_NAME = 80
# So that C, C++ and C# are three.
_SIGNS = {"+": " plus ", "#": " sharp ", "&": " and "}


def tag_slug(text: str) -> str:
    """Return the slug that a name has, or the slug itself. Other scripts keep their letters."""
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    return slug_of(text) or slugify(text, allow_unicode=True)[:SLUG_LENGTH].strip("-_")


def names_by_slug(texts: Sequence[str]) -> dict[str, str]:
    """Return the names of tags by slug, each once. Raise a 400."""
    named: dict[str, str] = {}
    for text in texts:
        try:
            name = clean_line(text)
        except ValidationError as problem:
            raise Invalid({"tags": problem.messages}) from None
        slug = tag_slug(name)
        if not slug or len(name) > MAX_NAME or "," in name:
            raise Invalid({"tags": [f"A tag has letters or digits, no comma, and at most {MAX_NAME} characters."]})
        named.setdefault(slug, name)
    if len(named) > MAX_TAGS:
        raise Invalid({"tags": [f"An event can have {MAX_TAGS} tags."]})
    return named


def set_tags(event: Event, texts: Sequence[str]) -> bool:
    """Give a saved event these tags, by name or slug, and no others; return whether that changed any."""
    named = names_by_slug(texts)
    present = dict(event.event_tags.values_list("tag__slug", "tag_id"))
    if named.keys() == present.keys():
        return False
    event.event_tags.filter(tag__in=[pk for slug, pk in present.items() if slug not in named]).delete()
    tags = _find_or_make({slug: name for slug, name in named.items() if slug not in present})
    EventTag.objects.bulk_create([EventTag(tag=tag, event=event) for tag in tags], ignore_conflicts=True)
    event.__dict__.pop("tag_list", None)
    return True


def are_tags(event: Event, texts: Sequence[str]) -> bool:
    """Return whether the event has exactly these tags."""
    return {*names_by_slug(texts)} == {tag["slug"] for tag in event.tag_list}


def _find_or_make(named: dict[str, str]) -> list[Tag]:
    known = Tag.objects.filter(slug__in=named)
    missing = named.keys() - {*known.values_list("slug", flat=True)}
    Tag.objects.bulk_create([Tag(slug=slug, name=named[slug]) for slug in sorted(missing)], ignore_conflicts=True)
    return list(Tag.objects.filter(slug__in=named))


def save_tag(tag: Tag, *, name: str | None = None, kind: str | None = None) -> Tag:
    """Create or change a tag; its slug follows the name. Raise a 400, and TagExists."""
    was = tag.slug
    if name is not None:
        ((tag.slug, tag.name),) = names_by_slug([name]).items()
    tag.kind = kind or tag.kind
    try:
        with transaction.atomic():
            _follow_in_series(was, tag)
            tag.save()
    except IntegrityError:
        raise TagExists() from None
    return tag


def merge_tags(tag: Tag, *, into: Tag) -> None:
    """Give the events of one tag the other, and delete the first. Raise a 400 for a tag and itself."""
    if tag.pk == into.pk:
        raise Invalid({"into": ["Choose another tag."]})
    with transaction.atomic():
        _follow_in_series(tag.slug, into)
        events = EventTag.objects.filter(tag=tag).values_list("event", flat=True)
        rows = [EventTag(tag=into, event_id=pk) for pk in events]
        EventTag.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
        tag.delete()


def _follow_in_series(slug: str, tag: Tag) -> None:
    """Give the dates that series are yet to make the tag in place of the one that had this slug."""
    if slug in ("", tag.slug):
        return
    named = Series.objects.filter(template__has_key="tags").values_list("pk", "template__tags")
    having = [pk for pk, texts in named if slug in map(tag_slug, texts)]
    # Locked before tags, as by edits of a series.
    for series in Series.objects.select_for_update(no_key=True).filter(pk__in=having).order_by("pk"):
        texts = series.template["tags"]
        series.template["tags"] = [tag.name if tag_slug(text) == slug else text for text in texts]
        series.save(update_fields=["template"])


def delete_unused(*, dry_run: bool = False, **_: Any) -> int:
    """Delete tags that no event has; categories stay. Return how many."""
    unused = Tag.objects.filter(~Exists(EventTag.objects.filter(tag=OuterRef("pk"))), kind=TagKind.TAG)
    return unused.count() if dry_run else unused.delete()[1].get("events.Tag", 0)
