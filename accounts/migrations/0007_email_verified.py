from django.db import migrations, models

from eventhub.migrating import AddIndexInUse


class Migration(migrations.Migration):
    """A column that may be null takes no time to add, and the code of before need not know it. Null means that nobody
    asked; it shuts nobody out who was there before (accounts.permissions.require_verified)."""

    atomic = False
    dependencies = [("accounts", "0006_service_tokens")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="email_verified",
            field=models.BooleanField("e-mail verified", null=True, default=None, editable=False),
        ),
        AddIndexInUse("user", models.Index(fields=["email_verified", "username"], name="user_by_verification")),
    ]
