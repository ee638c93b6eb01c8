from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from eventhub.observability.metrics import gauges
        from events.services.clones import HANGS_ON
        from notifications import metrics
        from notifications.models import Message, Notice, OptOut
        from notifications.services import retention
        from notifications.services.clones import PARTS
        from registrations.selectors.personal_data import EXCLUDED, SECTIONS, Section
        from registrations.services.housekeeping import CHORES, Chore
        from registrations.services.retention import LOGS

        gauges.append(metrics.gauges)
        HANGS_ON.extend(PARTS.values())
        LOGS.add(Notice)
        SECTIONS.append(Section("notices", Notice, ("user",)))
        SECTIONS.append(Section("messages", Message, ("by",), "message_id"))
        SECTIONS.append(Section("opt_outs", OptOut, ("user",)))
        EXCLUDED["notifications_optout.organizer_id"] = "whose messages others do not want"
        EXCLUDED["notifications_fanout"] = "causes of notices that concern all attendees of an event; names nobody"
        EXCLUDED["notifications_watchedevent"] = "whether registration for an event was open; names nobody"
        EXCLUDED["notifications_logposition"] = "how far the logs have been read"
        EXCLUDED["notifications_template"] = "the words of an event's mails, with placeholders for people; names nobody"
        CHORES.append(Chore("old notices and changes of events deleted", retention.delete_old))
