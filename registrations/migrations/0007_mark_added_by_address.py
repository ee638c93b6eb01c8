from django.db import migrations
from django.db.models import Exists, Max, Min, OuterRef

from eventhub.db.batches import AT_ONCE

BY_ADDRESS = ("import", "admin")  # `audit.Channel`: through the API, people were registered by their id alone


def mark(apps, schema_editor):
    """Mark registrations that an import or the back office has added, in ranges of ids.

    Those that the previous release adds after this, until it is stopped, stay unmarked.
    """
    alias = schema_editor.connection.alias
    registrations = apps.get_model("registrations", "Registration").objects.using(alias).order_by()
    log = apps.get_model("registrations", "Transition").objects.using(alias).order_by()
    added = Exists(log.filter(registration=OuterRef("pk"), was="", through__in=BY_ADDRESS))
    unmarked = registrations.filter(added, added_by_address=False)
    ends = registrations.aggregate(first=Min("pk"), last=Max("pk"))
    for start in range(ends["first"] or 0, (ends["last"] or 0) + 1, AT_ONCE):
        unmarked.filter(pk__gte=start, pk__lt=start + AT_ONCE).update(added_by_address=True)


class Migration(migrations.Migration):
    atomic = False  # a transaction for each range

    dependencies = [("registrations", "0006_added_by_address")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop, elidable=True)]
