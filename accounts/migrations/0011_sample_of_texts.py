from django.db import migrations

from eventhub.migrating import sample_of_texts


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0010_stored_answers")]
    operations = [sample_of_texts("accounts.User", 400)]
