from django.db import migrations

from eventhub.db.transaction_ids import TransactionIdField


class Migration(migrations.Migration):
    dependencies = [("registrations", "0008_calendar_feed"), ("events", "0004_telling_people")]
    operations = [migrations.AddField("transition", "transaction_id", TransactionIdField())]
