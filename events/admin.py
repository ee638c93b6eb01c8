from django.contrib import admin

from eventhub.admin import ReadOnlyAdmin
from events.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "status",
        "date_time",
        "location",
        "seats_taken",
        "max_capacity",
        "waitlisted",
        "organizer",
    )
    list_filter = ("status",)
    list_select_related = ("organizer",)
    search_fields = ("title", "location")
    show_full_result_count = False
