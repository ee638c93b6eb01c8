from django.db import migrations, models

from eventhub.db.operations import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0008_journal_without_names")]
    operations = [
        AddIndexInUse("user", models.Index(fields=["email_verified", "username"], name="user_by_verification")),
    ]
