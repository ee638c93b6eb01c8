from django.db import migrations

from eventhub.migrating import sample_of_texts


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registrations", "0009_texts_beside_the_orders")]
    operations = [sample_of_texts("registrations.Registration", 400)]
