from django.db import migrations, models

CHOICES = [("en", "English"), ("de", "German")]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_digest_index")]
    operations = [
        migrations.AddField(
            "user", "language", models.CharField(blank=True, choices=CHOICES, db_default="", default="", max_length=10)
        ),
    ]
