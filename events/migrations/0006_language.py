from django.db import migrations, models


def language():
    choices = [("en", "English"), ("de", "German")]
    return models.CharField("language of emails", blank=True, choices=choices, db_default="", default="", max_length=10)


class Migration(migrations.Migration):
    dependencies = [("events", "0005_imported_sequence")]
    operations = [
        migrations.AddField("event", "language", language()),
        migrations.AddField("historicalevent", "language", language()),
    ]
