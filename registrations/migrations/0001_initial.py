import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import eventhub.audit


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Registration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organizer_id", models.BigIntegerField(db_default=0, default=0, editable=False, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("registered", "Registered"),
                            ("waitlisted", "Waitlisted"),
                            ("attended", "Attended"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="registered",
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=255)),
                ("contact_details", models.CharField(blank=True, max_length=255)),
                ("queue_number", models.BigIntegerField(editable=False, null=True)),
                ("registration_date", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "status_since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                    ),
                ),
                (
                    "status_through",
                    models.CharField(
                        choices=[
                            ("api", "API"),
                            ("admin", "Admin"),
                            ("command", "Command"),
                            ("import", "Import"),
                            ("database", "Database"),
                        ],
                        db_default="database",
                        default=eventhub.audit.channel,
                        editable=False,
                        max_length=10,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="registrations",
                        to="events.event",
                    ),
                ),
                (
                    "status_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=eventhub.audit.actor_id,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="registrations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-registration_date", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Transition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("was", models.CharField(blank=True, max_length=10)),
                ("becomes", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                (
                    "through",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("api", "API"),
                            ("admin", "Admin"),
                            ("command", "Command"),
                            ("import", "Import"),
                            ("database", "Database"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="transitions",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["registration_date", "id"], name="registration_by_date"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["name", "id"], name="registration_by_name"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["status", "registration_date", "id"], name="registration_by_status"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["event", "registration_date", "id"], name="registration_event_date"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["event", "name", "id"], name="registration_event_name"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["event", "status", "registration_date", "id"], name="registration_event_status"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["organizer_id", "registration_date", "id"], name="registration_organizer_date"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["organizer_id", "name", "id"], name="registration_organizer_name"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                fields=["organizer_id", "status", "registration_date", "id"], name="registration_organizer_status"
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["user", "registration_date", "id"], name="registration_by_user"),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("status", "waitlisted")),
                fields=["event", "queue_number"],
                name="registration_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("status", "attended")),
                fields=["status_since", "event"],
                name="registration_attended_since",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("status", "cancelled")),
                fields=["status_since", "event"],
                name="registration_cancelled_since",
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ("registered", "attended", "waitlisted"))),
                fields=("event", "user"),
                name="registration_one_live_per_user",
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["registered", "waitlisted", "attended", "cancelled"])),
                name="registration_status_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="transition",
            index=models.Index(fields=["registration", "id"], name="transition_by_registration"),
        ),
    ]
