from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import migrations
from django.db.models import F, Q
from django.utils.crypto import get_random_string

BATCH = 1000


def rename(apps, schema_editor):
    """Take the address out of usernames, which organizers see. Who types it signs in as before."""
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    unclaimed = Q(("password__startswith", UNUSABLE_PASSWORD_PREFIX), username__contains="@")
    of_imports = Q(role="user") & (Q(username__icontains=F("email")) | unclaimed)
    ids = list(users.filter(of_imports).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        some = list(users.filter(of_imports, pk__in=ids[start : start + BATCH]).only("pk"))
        for user in some:
            user.username = f"guest-{get_random_string(20).lower()}"
        users.bulk_update(some, ["username"])


class Migration(migrations.Migration):
    atomic = False  # a transaction for each batch

    dependencies = [("accounts", "0005_canonical_addresses")]

    operations = [migrations.RunPython(rename, migrations.RunPython.noop, elidable=True)]
