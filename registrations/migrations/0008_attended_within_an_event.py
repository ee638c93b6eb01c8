from django.db import migrations

from eventhub.db.operations import RemoveIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registrations", "0007_many_people_an_event")]
    # `registration_within_event` says it too, and in an order: PostgreSQL had taken all who came to an event out of
    # this one and sorted them, for a page.
    operations = [RemoveIndexInUse("registration", "registration_attended")]
