from django.db import migrations

from eventhub.db.operations import delete_in_database


class Migration(migrations.Migration):
    """The previous release does not know these tables, and deletes what they refer to."""

    atomic = False
    dependencies = [
        ("accounts", "0013_in_teams"),
        ("checkin", "0003_gate_token_ends_with_the_event"),
        ("events", "0010_event_not_public"),
        ("registrations", "0016_answers_incomplete"),
    ]
    operations = [
        delete_in_database(
            tables=[
                "checkin_checkpoint",
                "checkin_gatetoken",
                "checkin_presence",
                "checkin_print",
                "checkin_scan",
                "events_eventtag",
                "events_interest",
                "events_membership",
                "events_series",
                "events_seriesdate",
                "events_teaminvitation",
                "registrations_answerchange",
                "registrations_answers",
                "registrations_calendarfeed",
                "registrations_guestrequest",
                "registrations_question",
            ],
            emptied={
                "checkin_gatetoken.created_by_id",
                "events_membership.added_by_id",
                "events_seriesdate.event_id",
                "events_teaminvitation.invited_by_id",
            },
        ),
    ]
