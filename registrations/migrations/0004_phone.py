from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registrations", "0003_statistics")]
    operations = [
        migrations.AddField(
            "registration", "phone", models.CharField(blank=True, db_default="", default="", max_length=255)
        ),
    ]
