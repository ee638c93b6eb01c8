import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import eventhub.audit


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalEvent",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
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
                ("title", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True)),
                ("date_time", models.DateTimeField(verbose_name="begins")),
                ("end_time", models.DateTimeField(blank=True, null=True, verbose_name="ends")),
                ("location", models.CharField(max_length=255)),
                (
                    "max_capacity",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(2147483647),
                        ],
                        verbose_name="seats",
                    ),
                ),
                ("waitlist", models.BooleanField(default=True, verbose_name="people may queue")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("upcoming", "Upcoming"),
                            ("active", "Active"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="upcoming",
                        max_length=10,
                    ),
                ),
                ("registration_opens", models.DateTimeField(blank=True, null=True)),
                ("registration_closes", models.DateTimeField(blank=True, null=True)),
                (
                    "uid",
                    models.CharField(
                        blank=True, editable=False, max_length=255, verbose_name="identifier in a calendar"
                    ),
                ),
                ("created_at", models.DateTimeField(blank=True, editable=False)),
                ("history_user_id", models.BigIntegerField(default=eventhub.audit.actor_id, null=True)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "organizer",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        limit_choices_to={"role__in": ["organizer", "admin"]},
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical event",
                "verbose_name_plural": "historical events",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True)),
                ("date_time", models.DateTimeField(verbose_name="begins")),
                ("end_time", models.DateTimeField(blank=True, null=True, verbose_name="ends")),
                ("location", models.CharField(max_length=255)),
                (
                    "max_capacity",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(2147483647),
                        ],
                        verbose_name="seats",
                    ),
                ),
                ("seats_taken", models.PositiveIntegerField(db_default=0, default=0, editable=False, serialize=False)),
                ("waitlisted", models.PositiveIntegerField(db_default=0, default=0, editable=False, serialize=False)),
                ("waitlist", models.BooleanField(default=True, verbose_name="people may queue")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("upcoming", "Upcoming"),
                            ("active", "Active"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="upcoming",
                        max_length=10,
                    ),
                ),
                ("registration_opens", models.DateTimeField(blank=True, null=True)),
                ("registration_closes", models.DateTimeField(blank=True, null=True)),
                (
                    "uid",
                    models.CharField(
                        blank=True, editable=False, max_length=255, verbose_name="identifier in a calendar"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "has_free_seats",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Q(("seats_taken__lt", models.F("max_capacity"))),
                        output_field=models.BooleanField(),
                    ),
                ),
                (
                    "last_mark",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Coalesce("end_time", "date_time"),
                        output_field=models.DateTimeField(),
                    ),
                ),
                (
                    "organizer",
                    models.ForeignKey(
                        db_index=False,
                        limit_choices_to={"role__in": ["organizer", "admin"]},
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["date_time", "id"],
                "indexes": [
                    models.Index(fields=["date_time", "id"], name="event_by_date"),
                    models.Index(fields=["title", "id"], name="event_by_title"),
                    models.Index(fields=["created_at", "id"], name="event_by_creation"),
                    models.Index(fields=["status", "date_time", "id"], name="event_by_status"),
                    models.Index(fields=["organizer", "date_time", "id"], name="event_by_organizer"),
                    models.Index(fields=["has_free_seats", "date_time", "id"], name="event_by_free_seats"),
                    models.Index(fields=["last_mark", "date_time"], name="event_by_last_mark"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("max_capacity__gte", 1), ("max_capacity__lte", 2147483647)),
                        name="event_has_a_seat",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("seats_taken__lte", models.F("max_capacity"))),
                        name="event_seats_within_capacity",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_time", None), ("end_time__gt", models.F("date_time")), _connector="OR"
                        ),
                        name="event_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("registration_opens", None),
                            ("registration_closes", None),
                            ("registration_closes__gt", models.F("registration_opens")),
                            _connector="OR",
                        ),
                        name="event_registration_closes_after_it_opens",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["draft", "upcoming", "active", "completed", "cancelled"])),
                        name="event_status_is_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("uid", ""), _negated=True),
                        fields=("organizer", "uid"),
                        name="event_uid_unique",
                    ),
                ],
            },
        ),
    ]
