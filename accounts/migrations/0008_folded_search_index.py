from django.db import migrations

from eventhub.db.operations import folded_search_index

FIELDS = ["username", "email"]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0007_folded_search")]
    operations = [folded_search_index("accounts.User", FIELDS, replaced=FIELDS)]
