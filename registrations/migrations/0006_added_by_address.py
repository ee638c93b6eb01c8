from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registrations", "0005_folded_search_index")]
    operations = [
        migrations.AddField(
            "registration",
            "added_by_address",
            models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
