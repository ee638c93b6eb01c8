from typing import ClassVar

from django.contrib import admin

from eventhub.admin import OfficeAdmin
from events.models import Event


@admin.register(Event)
class EventAdmin(OfficeAdmin):
    resource = "event"
    rights: ClassVar = {"view": "attendees"}
    list_display = ("title", "status", "date_time", "location", "seats_taken", "max_capacity", "waitlisted")
    search_fields = ("title", "location")
