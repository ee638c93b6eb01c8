from django.db import migrations

from eventhub.db.operations import statistics_of_trigrams


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0010_stored_answers")]
    operations = [statistics_of_trigrams("accounts.User", ["username", "email"])]
