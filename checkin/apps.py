from django.apps import AppConfig


class CheckinConfig(AppConfig):
    name = "checkin"
    verbose_name = "Check-in"

    def ready(self) -> None:
        from registrations.selectors.personal_data import EXCLUDED

        EXCLUDED["checkin_ticketkey"] = "secrets of the installation; name nobody"
