import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0004_telling_people"),
        ("registrations", "0010_transition_order"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LogPosition",
            fields=[
                ("log", models.CharField(max_length=15, primary_key=True, serialize=False)),
                ("transaction_id", models.BigIntegerField()),
                ("row_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="FanOut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=60, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("registered", "Registration confirmed"),
                            ("queued", "On the waiting list"),
                            ("seated", "Seat from the waiting list"),
                            ("cancelled", "Registration cancelled"),
                            ("event_changed", "Event changed"),
                            ("event_cancelled", "Event cancelled"),
                            ("event_reopened", "Event takes place after all"),
                            ("reminder", "Reminder"),
                        ],
                        max_length=15,
                    ),
                ),
                ("begins", models.DateTimeField(null=True)),
                ("registered_before", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField()),
                ("last_registration_id", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "change",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="events.eventchange",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="events.event",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("registered", "Registration confirmed"),
                            ("queued", "On the waiting list"),
                            ("seated", "Seat from the waiting list"),
                            ("cancelled", "Registration cancelled"),
                            ("event_changed", "Event changed"),
                            ("event_cancelled", "Event cancelled"),
                            ("event_reopened", "Event takes place after all"),
                            ("reminder", "Reminder"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "priority",
                    models.SmallIntegerField(
                        choices=[(1, "What concerns one person"), (2, "Changes of an event"), (3, "Reminders")]
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waits"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("skipped", "Not sent"),
                        ],
                        default="queued",
                        max_length=7,
                    ),
                ),
                ("not_before", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("why", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("claimed_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="events.event",
                    ),
                ),
                (
                    "fan_out",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="notifications.fanout",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="notices",
                        to="registrations.registration",
                    ),
                ),
                (
                    "transition",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registrations.transition",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="fanout",
            index=models.Index(condition=models.Q(("done_at", None)), fields=["not_before", "id"], name="fan_out_due"),
        ),
        migrations.AddIndex(
            model_name="fanout",
            index=models.Index(fields=["created_at"], name="fan_out_by_age"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("state", "queued")), fields=["priority", "not_before", "id"], name="notice_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("state", "sending")), fields=["claimed_at"], name="notice_being_sent"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["user", "done_at"], name="notice_by_user"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["event", "state"], name="notice_by_event"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["created_at"], name="notice_by_age"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("transition",), name="notice_once_for_a_transition"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("fan_out", "registration"), name="notice_once_in_a_fan_out"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("fan_out__isnull", False), ("transition", None)),
                    models.Q(("fan_out", None), ("transition__isnull", False)),
                    _connector="OR",
                ),
                name="notice_has_one_cause",
            ),
        ),
    ]
