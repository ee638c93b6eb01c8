from django.apps import AppConfig


class CheckinConfig(AppConfig):
    name = "checkin"
    verbose_name = "Check-in"

    def ready(self) -> None:
        from checkin.ticket_files import confirmation_extra
        from registrations.confirmation_extras import EXTRAS
        from registrations.selectors.personal_data import EXCLUDED

        EXTRAS.append(confirmation_extra)
        EXCLUDED["checkin_ticketkey"] = "secrets of the installation; name nobody"
