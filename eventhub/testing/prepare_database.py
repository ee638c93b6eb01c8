"""Migrate and fill a database, in a process of its own: an organizer, people, events.

Prints their access tokens and the ids of the events as JSON.
"""

import json
import sys
from datetime import timedelta

import django
from django.core.management import call_command
from django.utils import timezone

PEOPLE, EVENTS, SEATS = 12, 240, 4


def fill() -> dict[str, object]:
    from accounts.models import Role, User
    from accounts.services.jwt import issue_tokens
    from events.models import Event

    names = ["olga", *(f"p{number}" for number in range(PEOPLE))]
    roles = {"olga": Role.ORGANIZER}
    users = [
        User.objects.create(username=name, email=f"{name}@example.org", password="!", role=roles.get(name, Role.USER))
        for name in names
    ]
    users[0].ensure_profile()
    begins = timezone.now() + timedelta(days=7)
    Event.objects.bulk_create(
        Event(title=f"Talk {number}", location="Hall", organizer=users[0], max_capacity=SEATS, date_time=begins)
        for number in range(EVENTS)
    )
    events = list(Event.objects.order_by("pk").values_list("pk", flat=True))
    return {"tokens": [issue_tokens(user, auth_time=0)["token"] for user in users], "events": events}


if __name__ == "__main__":
    django.setup()
    call_command("migrate", verbosity=0, stdout=sys.stderr)
    print(json.dumps(fill()))
