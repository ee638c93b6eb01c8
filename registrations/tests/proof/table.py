"""Every path that can change a seat, and every other face of the service with the reason why it is not among them.

A face that stands in neither fails registrations/tests/test_proof.py, and so do one that is gone, and a rule that no
path comes by.
"""

from registrations.tests.proof import paths_api, paths_commands, paths_doors, paths_guests, paths_office, paths_raw
from registrations.tests.proof.paths import Path

PATHS: tuple[Path, ...] = (
    *paths_api.PATHS,
    *paths_doors.PATHS,
    *paths_guests.PATHS,
    *paths_office.PATHS,
    *paths_commands.PATHS,
    *paths_raw.PATHS,
)
BY_NAME = {path.name: path for path in PATHS}

READS = "reads"
FORGETS = "takes the person from registrations for events that are long over; they keep their status and their seat"
ACCOUNT = "writes an account, or how somebody signs in; neither event nor registration"
MAILS = "what people are mailed, or want to be; neither event nor registration"
TICKET = "the number of a ticket's issue; the registration keeps its status and its seat"
DOORS = "where tickets are scanned, and who may scan there; no registration"
FINDING = "what makes events found; neither event nor registration"
QUESTIONS = "what an event asks, or what somebody answered; the registration keeps its status and its seat"
NEW = "a new event, which nobody has registered for"
ASKS = "asks; its form is sent to a page that is among the paths"
# As entry_points.py names them. A module stands for all that is public in it.
NO_SEAT: dict[str, str] = {
    # The API
    "API AttendeeNoticeViewSet.resend": MAILS,
    "API EventViewSet.create": NEW,
    **dict.fromkeys(
        (
            "API EventTeamViewSet.invite",
            "API MembershipViewSet.destroy",
            "API MembershipViewSet.update",
            "API TeamInvitationViewSet.destroy",
            "API TeamViewSet.accept",
            "admin page events_event_team",
            "admin page team_invitation",
        ),
        "changes the team of an event; changes no registration",
    ),
    "API CloneViewSet.clone": NEW,
    "API SeriesViewSet.create": NEW,
    "API SeriesViewSet.preview": READS,
    "API SeriesViewSet.update": "changes events as “API EventViewSet.update”; deletes none that anybody registered for",
    "API SeriesViewSet.destroy": "deletes no event that anybody registered for",
    "API SeriesAttendeeViewSet.register": "as “API AttendeeViewSet.create”, for each event by itself",
    "API TicketViewSet.reissue_ticket": TICKET,
    "admin page registrations_registration_reissue_ticket": TICKET,
    "API MessageViewSet.create": MAILS,
    "API MessageViewSet.stop": MAILS,
    "API PreferencesViewSet.save_notifications": MAILS,
    **dict.fromkeys((f"API InterestViewSet.{name}" for name in ("interest", "remove_interest")), FINDING),
    **dict.fromkeys((f"API TagViewSet.{name}" for name in ("create", "destroy", "merge", "update")), FINDING),
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
    # The public face: a page, its other spelling, and the files
    **dict.fromkeys(
        (
            *("view public-pages", "view e", "view public-page", "view e/<slug:name>", "view public-theme"),
            *("view public-organizer-page", "view o/<int:pk>", "view sitemap"),
        ),
        READS,
    ),
    r"view ^(?!admin(?:/|\Z)|static/)": "a 404",
    **dict.fromkeys(
        (
            "API AnswersViewSet.save_answers",
            "API EventQuestionViewSet.create_question",
            "API EventQuestionViewSet.order_questions",
            "API QuestionViewSet.destroy",
            "API QuestionViewSet.update",
        ),
        QUESTIONS,
    ),
    **dict.fromkeys(
        (
            "API CheckpointViewSet.destroy",
            "API CheckpointViewSet.update",
            "API EventCheckpointViewSet.create_checkpoint",
            "API EventGateTokenViewSet.create_gate_token",
            "API GateTokenViewSet.destroy",
        ),
        DOORS,
    ),
    **dict.fromkeys(
        ("view scan", "view scan/<str:name>", "view scan/manifest.webmanifest", "view scan/worker.js"), READS
    ),
    # The back office
    **dict.fromkeys(
        (
            *(f"admin page events_event_{name}" for name in ("question", "questions", "questions_preview")),
            *("admin page my_answers", "admin page registrations_registration_answers"),
        ),
        QUESTIONS,
    ),
    "admin page register": "as “API AttendeeViewSet.create”",
    **dict.fromkeys((f"admin page events_event_{name}" for name in ("checkpoint", "checkpoints", "helpers")), DOORS),
    **dict.fromkeys(
        (f"admin page events_tag_{name}" for name in ("add", "change", "changelist", "delete", "history")), FINDING
    ),
    "admin page events_event_doors": READS,
    "admin page registrations_registration_undo_scan": "as “API ScanUndoViewSet.undo”",
    **dict.fromkeys(
        (f"admin page events_event_{name}" for name in ("badges", "names", "print_badges", "print_names")), READS
    ),
    "admin action events.event attendees_as_csv": READS,
    "admin action events.event attendees_as_xlsx": READS,
    "admin action events.event duplicate": NEW,
    "admin page accounts_servicetoken_delete": ACCOUNT,
    **dict.fromkeys(
        (f"admin page accounts_servicetoken_{name}" for name in ("add", "change", "changelist", "history")), READS
    ),
    "admin page accounts_user_add": ACCOUNT,
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
    "command team": "changes the team of an event; changes no registration",
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
    **dict.fromkeys(
        ("admin page my_registration", "admin page my_registration_calendar"), "leads to “view my-registration”"
    ),
    "view my-registration-calendar": READS,
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
    "command times": "the clock time that was meant; neither the moment nor a registration",
    "admin page events_event_series": "as the API of series",
    "command series": NEW,
    "command tickets": "the keys of ticket codes; no registration",
    "command doors": "who is inside; changes no registration",
    "command demo": "new events with new people, in one transaction; other events it does not touch",
    # The modules that decide
    "module accounts.services.deletion": "what is left of an account, as services.account_deletion has decided",
    "module accounts.services.password_reset": ACCOUNT,
    "module accounts.services.second_factor": ACCOUNT,
    "module accounts.services.api_tokens": ACCOUNT,
    "module accounts.services.token_secrets": ACCOUNT,
    "module accounts.services.jwt": ACCOUNT,
    "module events.services.time_zones": "as “command times”",
    "module registrations.services.answer_columns": READS,
    "module registrations.services.attendee_answers": READS,
    "module registrations.services.attendee_columns": READS,
    "module registrations.services.attendee_file": READS,
    "module registrations.services.calendar_feeds": ACCOUNT,
    "module registrations.services.retention": FORGETS,
    **dict.fromkeys(
        (
            f"module registrations.services.{name}"
            for name in (
                *("answer_texts", "answer_values", "answers", "newcomer_answers"),
                *("question_edits", "question_rules", "questions"),
            )
        ),
        QUESTIONS,
    ),
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
    **dict.fromkeys((f"module events.services.{name}" for name in ("interests", "slugs", "tags")), FINDING),
    "module events.services.clones": NEW,
    "module events.services.series": NEW,
    "module events.services.series_dates": READS,
    "module registrations.services.series_changes": "as “API SeriesViewSet.update”",
    "module registrations.services.series_import": "as “API SeriesViewSet.update”",
    "module registrations.services.series_registration": "as “API SeriesAttendeeViewSet.register”",
    "module registrations.services.question_copies": NEW,
    "module events.services.team": "changes the team of an event; changes no registration",
    "rule events.services.events.note_in_history": "a line in the history, no seat",
    "rule registrations.services.eligibility.check_eligibility": READS,
    "rule registrations.services.account_deletion.change_account": "as “API UserViewSet.update”",
}
