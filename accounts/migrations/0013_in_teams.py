from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_language")]
    operations = [
        migrations.AddField("user", "in_teams", models.BooleanField(db_default=False, default=False, editable=False)),
    ]
