from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0004_telling_people")]
    operations = [
        migrations.AddField("event", "imported_sequence", models.BigIntegerField(editable=False, null=True)),
    ]
