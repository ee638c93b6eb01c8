from django.db import migrations

from eventhub.db.operations import one_search_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0004_roles_by_creation")]
    operations = [
        one_search_index("accounts.User", ["username", "email"], instead_of=["username", "email"]),
    ]
