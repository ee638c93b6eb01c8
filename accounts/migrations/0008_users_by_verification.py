from django.db import migrations, models

from eventhub.migrating import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0007_email_verified")]
    operations = [
        AddIndexInUse("user", models.Index(fields=["email_verified", "username"], name="user_by_verification")),
    ]
