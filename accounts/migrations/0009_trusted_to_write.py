from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_folded_search_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_trusted_to_write",
            field=models.BooleanField(db_default=False, default=False, verbose_name="may write to attendees"),
        ),
    ]
