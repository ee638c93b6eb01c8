from django.db import migrations, models

from eventhub.db.operations import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registrations", "0013_any_event")]
    operations = [
        AddIndexInUse(
            "registration",
            models.Index(
                fields=["confirm_by"], condition=models.Q(confirm_by__isnull=False), name="registration_to_confirm"
            ),
        )
    ]
