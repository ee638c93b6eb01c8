from typing import ClassVar

from django.contrib import admin

from eventhub.admin import OfficeAdmin
from registrations.models import Registration


@admin.register(Registration)
class RegistrationAdmin(OfficeAdmin):
    resource = "attendee"
    rights: ClassVar = {"view": "check_in"}
    list_display = ("name", "event", "status", "registration_date", "contact_details")
    list_select_related = ("event",)
    search_fields = ("name", "contact_details")
