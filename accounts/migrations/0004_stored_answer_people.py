from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_search_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="storedanswer",
            name="people",
            field=models.TextField(blank=True, db_default=""),
        ),
    ]
