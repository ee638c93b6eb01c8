import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registrations", "0007_mark_added_by_address"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            "CalendarFeed",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("registrations", "My registrations"), ("events", "Events that I organize")],
                        max_length=15,
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("bond", models.CharField(editable=False, max_length=128)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("last_used_at", models.DateTimeField(editable=False, null=True, verbose_name="last used")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendar_feeds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("digest",), name="calendar_feed_digest_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["registrations", "events"])),
                        name="calendar_feed_kind_is_known",
                    ),
                ]
            },
        )
    ]
