from django.db import migrations, models

from eventhub.db.operations import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0010_digest")]
    operations = [
        AddIndexInUse(
            "organizerprofile",
            models.Index(
                fields=["digest", "digest_until"],
                condition=models.Q(digest_until__isnull=False),
                name="organizer_digest_due",
            ),
        )
    ]
