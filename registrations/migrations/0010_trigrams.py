from django.db import migrations

from eventhub.db.operations import statistics_of_trigrams


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registrations", "0009_texts_beside_the_orders")]
    operations = [statistics_of_trigrams("registrations.Registration", ["name", "contact_details"])]
