import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0004_telling_people"),
        ("notifications", "0002_opt_outs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Template",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField()),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="templates",
                        to="events.event",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("event", "kind"), name="template_once_for_a_kind")],
            },
        ),
    ]
