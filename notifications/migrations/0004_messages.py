import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import eventhub.audit


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0004_telling_people"),
        ("notifications", "0003_templates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="fanout",
            name="kind",
            field=models.CharField(
                choices=[
                    ("registered", "Registration confirmed"),
                    ("queued", "On the waiting list"),
                    ("seated", "Seat from the waiting list"),
                    ("cancelled", "Registration cancelled"),
                    ("event_changed", "Event changed"),
                    ("event_cancelled", "Event cancelled"),
                    ("event_reopened", "Event takes place after all"),
                    ("reminder", "Reminder"),
                    ("message", "Message from the organizer"),
                ],
                max_length=15,
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("registered", "Registration confirmed"),
                    ("queued", "On the waiting list"),
                    ("seated", "Seat from the waiting list"),
                    ("cancelled", "Registration cancelled"),
                    ("event_changed", "Event changed"),
                    ("event_cancelled", "Event cancelled"),
                    ("event_reopened", "Event takes place after all"),
                    ("reminder", "Reminder"),
                    ("message", "Message from the organizer"),
                ],
                max_length=15,
            ),
        ),
        migrations.AlterField(
            model_name="template",
            name="kind",
            field=models.CharField(
                choices=[
                    ("registered", "Registration confirmed"),
                    ("queued", "On the waiting list"),
                    ("seated", "Seat from the waiting list"),
                    ("cancelled", "Registration cancelled"),
                    ("event_changed", "Event changed"),
                    ("event_cancelled", "Event cancelled"),
                    ("event_reopened", "Event takes place after all"),
                    ("reminder", "Reminder"),
                    ("message", "Message from the organizer"),
                ],
                max_length=15,
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="priority",
            field=models.SmallIntegerField(
                choices=[
                    (1, "What concerns one person"),
                    (2, "Changes of an event"),
                    (3, "Reminders"),
                    (4, "Messages from organizers"),
                ]
            ),
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "through",
                    models.CharField(
                        choices=[
                            ("api", "API"),
                            ("admin", "Admin"),
                            ("command", "Command"),
                            ("import", "Import"),
                            ("database", "Database"),
                        ],
                        default=eventhub.audit.channel,
                        max_length=10,
                    ),
                ),
                ("subject", models.CharField(max_length=200)),
                ("body", models.CharField(max_length=10000)),
                ("audience", models.JSONField(default=dict)),
                ("recipients", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waits"),
                            ("sending", "Being sent"),
                            ("done", "Sent"),
                            ("stopped", "Stopped"),
                        ],
                        default="queued",
                        max_length=7,
                    ),
                ),
                ("send_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="events.event",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="fanout",
            name="message",
            field=models.OneToOneField(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="fan_out",
                to="notifications.message",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["event", "created_at", "id"], name="message_by_event"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(condition=models.Q(("state", "sending")), fields=["id"], name="message_being_sent"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["created_at"], name="message_by_age"),
        ),
    ]
