"""What makes the events of the demo found: categories, tags, addresses and marks of interest."""

from accounts.models import User
from events.models import Event, Tag, TagKind
from events.services import interests, slugs
from events.services.tags import save_tag, set_tags

CATEGORIES = ("Music", "Outdoors", "Workshops")
TAGS = {
    "Jazz in the Boiler Room": ("music", "jazz", "late"),
    "Three Serenades for Chamber Orchestra": ("music",),
    "Ridge Hike, 18 km": ("outdoors", "hiking"),
    "Astronomy Night on Beacon Hill": ("outdoors", "late", "for children"),
    "Bread from Scratch: a Sourdough Workshop": ("workshops",),
    "Introduction to Welding": ("workshops", "for beginners"),
    "Children's Dash": ("outdoors", "for children"),
}
# So many have marked it. None of them is real, and is told anything.
AWAITED, MARKS = "New Plays, Read Aloud", 14


def write(events: list[Event], people: list[User]) -> None:
    """Write it beside stored events; with `--force`, tags may be there already."""
    for name in CATEGORIES:
        if not Tag.objects.filter(name=name).exists():
            save_tag(Tag(), name=name, kind=TagKind.CATEGORY)
    slugs.fill_slugs()
    for event in events:
        if names := TAGS.get(event.title):
            set_tags(event, names)
        if event.title == AWAITED:
            for person in people[:MARKS]:
                interests.mark(event=event, user=person, notify=False)
