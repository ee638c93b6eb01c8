import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Nothing changes in the database: forms offer nobody else as an organizer."""

    dependencies = [
        ("events", "0003_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="organizer",
            field=models.ForeignKey(
                db_index=False,
                limit_choices_to={"role__in": ["organizer", "admin"]},
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="historicalevent",
            name="organizer",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                limit_choices_to={"role__in": ["organizer", "admin"]},
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
