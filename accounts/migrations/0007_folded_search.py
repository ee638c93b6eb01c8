from django.db import migrations

from eventhub.db.operations import create_fold


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_usernames_of_imports")]
    operations = [create_fold()]
