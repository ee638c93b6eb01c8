import django.db.models.deletion
from django.db import migrations, models

import events.models
from eventhub.db.transaction_ids import TransactionIdField

CHANNELS = [("api", "API"), ("admin", "Admin"), ("command", "Command"), ("import", "Import"), ("database", "Database")]


def notifications():
    choices = [
        ("usual", "Changes made through the API and the back office"),
        ("all", "All changes, also by imports and commands"),
        ("none", "No changes"),
    ]
    return models.CharField("mails to attendees", choices=choices, db_default="usual", default="usual", max_length=5)


def remind_hours():
    db_default = models.Value([24], models.JSONField())
    return models.JSONField("reminders", db_default=db_default, default=events.models.default_reminders)


class Migration(migrations.Migration):
    dependencies = [("events", "0003_folded_search_index")]
    operations = [
        migrations.AddField("event", "notifications", notifications()),
        migrations.AddField("event", "remind_hours", remind_hours()),
        migrations.AddField(
            "event",
            "saved_through",
            events.models.ChannelStampField(choices=CHANNELS, db_default="database", editable=False, max_length=10),
        ),
        migrations.AddField("historicalevent", "notifications", notifications()),
        migrations.AddField("historicalevent", "remind_hours", remind_hours()),
        migrations.CreateModel(
            "EventChange",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("transaction_id", TransactionIdField()),
                ("at", models.DateTimeField()),
                ("through", models.CharField(choices=CHANNELS, max_length=10)),
                ("was", models.JSONField()),
                ("becomes", models.JSONField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="changes",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["transaction_id", "id"], name="event_change_by_transaction"),
                    models.Index(fields=["event", "id"], name="event_change_by_event"),
                    models.Index(fields=["at"], name="event_change_by_age"),
                ],
            },
        ),
    ]
