"""Every path that can change a seat, and every other face of the service with the reason why it is not among them.

A face that stands in neither fails registrations/tests/test_proof.py, and so do one that is gone, and a rule that no
path comes by.
"""

from registrations.tests.proof import paths_api, paths_commands, paths_office, paths_raw
from registrations.tests.proof.paths import Path

PATHS: tuple[Path, ...] = (*paths_api.PATHS, *paths_office.PATHS, *paths_commands.PATHS, *paths_raw.PATHS)
BY_NAME = {path.name: path for path in PATHS}

READS = "reads"
FORGETS = "takes the person from registrations for events that are long over; they keep their status and their seat"
ACCOUNT = "writes an account, or how somebody signs in; neither event nor registration"
MAILS = "what people are mailed, or want to be; neither event nor registration"
TICKET = "the number of a ticket's issue; the registration keeps its status and its seat"
NEW = "a new event, which nobody has registered for"
ASKS = "asks; its form is sent to a page that is among the paths"
# As entry_points.py names them. A module stands for all that is public in it.
NO_SEAT: dict[str, str] = {
    # The API
    "API AttendeeNoticeViewSet.resend": MAILS,
    "API EventViewSet.create": NEW,
    "API TicketViewSet.reissue_ticket": TICKET,
    "admin page registrations_registration_reissue_ticket": TICKET,
    "API MessageViewSet.create": MAILS,
    "API MessageViewSet.stop": MAILS,
    "API PreferencesViewSet.save_notifications": MAILS,
    **dict.fromkeys((f"API TemplateViewSet.{name}_template" for name in ("preview", "reset", "save")), MAILS),
    "API CalendarFeedViewSet.create": ACCOUNT,
    "API CalendarFeedViewSet.destroy": ACCOUNT,
    "API EmailVerificationViewSet.verify": ACCOUNT,
    "API OrganizerProfileViewSet.update": ACCOUNT,
    "API OwnEmailViewSet.send_verification": ACCOUNT,
    "API PasswordResetViewSet.confirm": ACCOUNT,
    "API PasswordResetViewSet.reset": ACCOUNT,
    "API ServiceTokenViewSet.create": ACCOUNT,
    "API ServiceTokenViewSet.destroy": ACCOUNT,
    "API SessionViewSet.login": ACCOUNT,
    "API SessionViewSet.refresh": ACCOUNT,
    "API SignUpViewSet.register": ACCOUNT,
    "API UserViewSet.logout": ACCOUNT,
    "API UserViewSet.update": "locks the events of an organizer who is to be none any more; changes no registration",
    **dict.fromkeys(
        (f"view {name}" for name in ("docs", "healthz", "metrics", "readyz", "root", "schema", "ticket")), READS
    ),
    "view t/<str:code>": READS,
    r"view ^(?!admin(?:/|\Z)|static/)": "a 404",
    # The back office
    "admin action events.event attendees_as_csv": READS,
    "admin action events.event attendees_as_xlsx": READS,
    "admin action events.event duplicate": NEW,
    "admin page accounts_servicetoken_delete": ACCOUNT,
    **dict.fromkeys(
        (f"admin page accounts_servicetoken_{name}" for name in ("add", "change", "changelist", "history")), READS
    ),
    "admin page accounts_user_add": ACCOUNT,
    "admin page email_preferences": ACCOUNT,
    "admin page accounts_user_change": "as “API UserViewSet.update”",
    "admin page accounts_user_changelist": READS,
    "admin page accounts_user_end_sign_ins": ACCOUNT,
    "admin page accounts_user_history": READS,
    "admin page accounts_user_password": ACCOUNT,
    "admin page accounts_user_reset_second_factor": ACCOUNT,
    **dict.fromkeys(
        (
            f"admin page django_tasks_database_dbtaskresult_{name}"
            for name in ("add", "change", "changelist", "delete", "history")
        ),
        READS,
    ),
    "admin action notifications.notice try_again": MAILS,
    **dict.fromkeys(
        (f"admin page notifications_notice_{name}" for name in ("add", "change", "changelist", "delete", "history")),
        READS,
    ),
    **dict.fromkeys(
        (f"admin page registrations_registration_{name}" for name in ("send_again", "stop_message")), MAILS
    ),
    **dict.fromkeys(("admin page events_event_email", "admin page events_event_emails"), MAILS),
    "admin page registrations_registration_write": MAILS,
    **dict.fromkeys(("admin page email_preferences", "admin page unsubscribe"), MAILS),
    "admin page events_event_add": NEW,
    "admin page events_event_export": READS,
    "admin page events_event_history": READS,
    "admin page registrations_registration_delete": ASKS,
    "admin page registrations_registration_doors": READS,
    "admin page registrations_registration_export": READS,
    "admin page registrations_registration_history": READS,
    "admin page registrations_registration_statistics": READS,
    "admin page registrations_registration_import_example": READS,
    **dict.fromkeys(
        (
            f"admin page {name}"
            for name in (
                "calendar_feeds",
                "code",
                "end_sign_ins",
                "login",
                "logout",
                "new_password",
                "password_change",
                "password_reset",
                "profile",
                "second_factor",
                "tokens",
                "verify_email",
            )
        ),
        ACCOUNT,
    ),
    **dict.fromkeys(
        (f"admin page {name}" for name in ("app_list", "autocomplete", "index", "jsi18n", "password_change_done")),
        READS,
    ),
    "admin page my_registration_calendar": READS,
    "admin page search": "a 404",
    "admin page send_again": ASKS,
    "admin page view_on_site": READS,
    "admin page <path:object_id>/": "leads to the page of that row",
    "admin page (?P<url>.*)$": "a 404",
    # The commands
    "command backup": READS,
    "command check_addresses": READS,
    "command migrate": "the schema; what a migration does to rows is told of there",
    "command purge_personal_data": FORGETS,
    "command demo": "new events with new people, in one transaction; other events it does not touch",
    # The modules that decide
    "module accounts.services.deletion": "what is left of an account, as services.account_deletion has decided",
    "module accounts.services.password_reset": ACCOUNT,
    "module accounts.services.second_factor": ACCOUNT,
    "module accounts.services.api_tokens": ACCOUNT,
    "module accounts.services.jwt": ACCOUNT,
    "module registrations.services.attendee_answers": READS,
    "module registrations.services.attendee_columns": READS,
    "module registrations.services.attendee_file": READS,
    "module registrations.services.calendar_feeds": ACCOUNT,
    "module registrations.services.retention": FORGETS,
    "rule accounts.services.address_audit.find_doubles": READS,
    "rule registrations.services.eligibility.find_double": READS,
    "rule accounts.services.accounts.create_account": ACCOUNT,
    "rule accounts.services.accounts.apply_changes": ACCOUNT,
    "rule accounts.services.accounts.send_verification_link": ACCOUNT,
    "rule accounts.services.accounts.update_profile": ACCOUNT,
    "rule accounts.services.accounts.validate_changes": ACCOUNT,
    "rule accounts.services.accounts.validate_new_password": READS,
    "rule accounts.services.accounts.end_sign_ins": ACCOUNT,
    "rule accounts.services.accounts.require_reauthentication": READS,
    "rule accounts.services.accounts.sign_up": ACCOUNT,
    "rule accounts.services.accounts.notify_of_change": ACCOUNT,
    "rule events.services.events.create_event": NEW,
    "rule events.services.events.duplicate_event": NEW,
    "rule events.services.events.note_in_history": "a line in the history, no seat",
    "rule registrations.services.eligibility.check_eligibility": READS,
    "rule registrations.services.account_deletion.change_account": "as “API UserViewSet.update”",
}
