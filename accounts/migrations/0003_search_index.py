from django.db import migrations

from eventhub.db.operations import search_index


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_cache_table")]
    operations = [search_index("accounts.User", ["username", "email"])]
