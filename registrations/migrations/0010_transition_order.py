from django.db import migrations, models

from eventhub.db.operations import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registrations", "0009_transition_transaction_id")]
    operations = [
        AddIndexInUse("transition", models.Index(fields=["transaction_id", "id"], name="transition_by_transaction"))
    ]
