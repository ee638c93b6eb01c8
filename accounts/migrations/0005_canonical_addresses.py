from django.db import IntegrityError, migrations, transaction

from accounts.email_addresses import normalize_email


def rewrite(apps, schema_editor):
    """Store addresses in canonical form, except those of a second account: `check_addresses` lists them."""
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    found = users.order_by("pk").values_list("pk", "email")
    others = [(pk, email) for pk, email in found.iterator() if normalize_email(email) != email]
    for pk, email in others:
        try:
            with transaction.atomic(schema_editor.connection.alias):
                users.filter(pk=pk, email=email).update(email=normalize_email(email))
        except IntegrityError:
            pass


class Migration(migrations.Migration):
    atomic = False  # one row at a time: a few accounts of millions

    dependencies = [("accounts", "0004_stored_answer_people")]

    operations = [migrations.RunPython(rewrite, migrations.RunPython.noop, elidable=True)]
