"""Badges to print: kinds of paper, where each text stands on a badge, and codes. In millimetres."""

from collections.abc import Collection, Sequence
from io import BytesIO
from typing import NamedTuple

import segno
from django.utils import translation

from checkin.selectors.people import Person
from checkin.services.ticket_codes import make_code
from checkin.text_sizes import Fitted, fit
from eventhub.datetimes import written
from eventhub.languages import first_language
from events.models import Event

CONTACT, CODE, TITLE, DATE = "contact", "code", "title", "date"
FIELDS = {CONTACT: "Contact details", CODE: "QR code of the ticket", TITLE: "Title of the event", DATE: "Date"}
FREE = "free"
FREE_WIDTH, FREE_HEIGHT = (40, 300), (20, 430)  # from, to
MARGIN, SMALL_MARGIN = 4.0, 1.5
# Among the texts that a badge has, in their order: the share of its height, and the largest letters.
NAME = "name"
SHARES = {TITLE: (18, 5.0), NAME: (44, 13.0), CONTACT: (24, 5.5), DATE: (14, 4.0)}
# Light margin around a code, in modules (ISO/IEC 18004). All codes are as long, and a fixed mask saves three quarters
# of the time.
QUIET_ZONE, VERSION, MASK = 4, 2, 2


class Paper(NamedTuple):
    label: str
    width: float  # of a badge
    height: float
    columns: int = 1
    rows: int = 1
    page_width: float = 0  # 0: as large as the badge
    page_height: float = 0

    @property
    def page(self) -> tuple[float, float]:
        return self.page_width or self.width, self.page_height or self.height

    @property
    def on_a_page(self) -> int:
        return self.columns * self.rows


PAPERS = {
    "a4-2x4": Paper("A4, 2 x 4 badges of 90 x 60 mm", 90, 60, 2, 4, 210, 297),
    "a4-2x5": Paper("A4, 2 x 5 badges of 90 x 54 mm", 90, 54, 2, 5, 210, 297),
    "label-62": Paper("Labels of a 62 mm roll, 100 mm each", 62, 100),
    "a6": Paper("A6, one badge a page", 105, 148),
}


class Box(NamedTuple):
    kind: str
    width: float
    height: float
    largest: float


class Layout(NamedTuple):
    """Where everything is on each badge: the code beside the texts if it is wide, else below them."""

    is_wide: bool
    margin: float
    gap: float
    code: float  # length of a side; 0 without codes
    boxes: Sequence[Box]


class Badge(NamedTuple):
    texts: Sequence[tuple[str, Fitted]]  # by the kind of their box
    code: str  # SVG, or nothing


def free(width: float, height: float) -> Paper:
    return Paper("", width, height)


def layout_of(paper: Paper, fields: Collection[str]) -> Layout:
    is_wide = paper.width > paper.height * 1.15
    margin = max(SMALL_MARGIN, min(MARGIN, paper.height * 0.07, paper.width * 0.07))
    gap, code = margin / 3, 0.0
    width, height = paper.width - 2 * margin, paper.height - 2 * margin
    if CODE in fields and is_wide:
        code = min(height, width * 0.36, 45)
        width -= code + gap
    elif CODE in fields:
        code = min(width, height * 0.42, 60)
        height -= code + gap
    kinds = [kind for kind in SHARES if kind == NAME or kind in fields]
    room, whole = height - gap * (len(kinds) - 1), sum(SHARES[kind][0] for kind in kinds)
    boxes = []
    for kind in kinds:
        share, largest = SHARES[kind]
        boxes.append(Box(kind, round(width, 2), round(room * share / whole, 2), largest * max(1.0, width / 80)))
    return Layout(is_wide, round(margin, 2), round(gap, 2), round(code, 2), boxes)


def badges_of(event: Event, people: Sequence[Person], layout: Layout) -> list[Badge]:
    with translation.override(first_language(event.language)):  # attendees wear them
        shared = {TITLE: event.title, DATE: written(event.date_time, event.end_time, event.zone)}
    fitted = {box.kind: _fit(shared[box.kind], box) for box in layout.boxes if box.kind in shared}
    return [_badge(person, layout, fitted) for person in people]


def _badge(person: Person, layout: Layout, fitted: dict[str, Fitted]) -> Badge:
    own = {NAME: person.name, CONTACT: person.contact_details}
    texts = [(box.kind, fitted.get(box.kind) or _fit(own[box.kind], box)) for box in layout.boxes]
    return Badge(texts, code_of(person) if layout.code and person.has_ticket else "")


def code_of(person: Person) -> str:
    """Return the code of somebody's ticket as SVG."""
    file = BytesIO()
    code = segno.make_qr(make_code(person.pk, person.issue), error="m", version=VERSION, mask=MASK)
    code.save(file, kind="svg", border=QUIET_ZONE, xmldecl=False, omitsize=True, svgclass=None, lineclass=None)
    return file.getvalue().decode().strip()


def _fit(text: str, box: Box) -> Fitted:
    return fit(text, width=box.width, height=box.height, largest=min(box.largest, box.height / 1.3))
