from django.contrib import admin

from eventhub.admin import ReadOnlyAdmin
from registrations.models import Registration


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    list_display = ("name", "event", "status", "registration_date", "contact_details")
    list_filter = ("status",)
    list_select_related = ("event",)
    search_fields = ("name", "contact_details")
    show_full_result_count = False
