from django.apps import AppConfig
from django.db.models import F


class CheckinConfig(AppConfig):
    name = "checkin"
    verbose_name = "Check-in"

    def ready(self) -> None:
        from checkin.models import GateToken, Presence, Print, Scan
        from checkin.services import retention
        from checkin.services.admission import follow_status
        from checkin.ticket_files import confirmation_extra
        from registrations.confirmation_extras import EXTRAS
        from registrations.selectors.personal_data import EXCLUDED, SECTIONS, Section
        from registrations.services.housekeeping import CHORES, Chore
        from registrations.services.retention import ALSO_FORGOTTEN, DELETED_WITH_NAMES
        from registrations.services.status_changes import FOLLOWERS

        EXTRAS.append(confirmation_extra)
        FOLLOWERS.append(follow_status)
        ALSO_FORGOTTEN["scans anonymized"] = retention.forget_helpers
        DELETED_WITH_NAMES.append(retention.delete_prints)
        CHORES.append(Chore("scans past RETENTION_DAYS anonymized", retention.forget_helpers_past_retention))
        where = {"checkpoint_name": F("checkpoint__name"), "event_title": F("checkpoint__event__title")}
        SECTIONS.extend(
            [
                Section("presences", Presence, ("registration__user",), "checkpoint_id", extra=where),
                # The device is its helper's.
                Section("scans", Scan, ("registration__user",), "scan_id", secret=("device",), extra=where),
                Section("scans_by_them", Scan, ("by",), "scan_id", is_indexed=False),
                Section("gate_tokens", GateToken, ("created_by",), "gate_token_id", secret=("digest",)),
                Section("badges", Print, ("registration__user",), "registration_id"),
            ]
        )
        EXCLUDED["checkin_ticketkey"] = "secrets of the installation; name nobody"
        EXCLUDED["checkin_checkpoint"] = "places at an event; names nobody"
        EXCLUDED["checkin_print.by_id"] = "who printed the badge of somebody else"
