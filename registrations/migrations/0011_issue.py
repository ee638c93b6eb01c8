from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registrations", "0010_transition_order")]
    operations = [
        migrations.AddField(
            "registration",
            "issue",
            models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
