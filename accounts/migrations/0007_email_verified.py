from django.db import migrations, models


class Migration(migrations.Migration):
    """A column that may be null takes no time to add, and the code of before need not know it. Null means that nobody
    asked; it shuts nobody out who was there before (accounts.permissions.require_verified)."""

    dependencies = [("accounts", "0006_service_tokens")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="email_verified",
            field=models.BooleanField("e-mail verified", null=True, default=None, editable=False),
        ),
    ]
