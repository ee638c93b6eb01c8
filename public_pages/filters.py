from eventhub.api.filters import SeveralFilter
from events.filters import EventFilter
from events.models import EventStatus

STATUSES = [choice for choice in EventStatus.choices if choice[0] != EventStatus.DRAFT]


class PublicEventFilter(EventFilter):
    status = SeveralFilter(choices=STATUSES, method="filter_status")
