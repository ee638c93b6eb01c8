from django.db import migrations, models

from eventhub.db.operations import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0003_sign_ins_and_search")]
    operations = [
        AddIndexInUse("user", models.Index(fields=["role", "created_at", "id"], name="user_by_role_and_creation")),
    ]
