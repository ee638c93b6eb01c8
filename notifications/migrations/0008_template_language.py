from django.db import migrations, models

CHOICES = [("en", "English"), ("de", "German")]


class Migration(migrations.Migration):
    dependencies = [("notifications", "0007_notices_of_events")]
    operations = [
        migrations.AddField(
            "template",
            "language",
            models.CharField(blank=True, choices=CHOICES, db_default="", default="", max_length=10),
        ),
        migrations.AddConstraint(
            "template",
            models.UniqueConstraint(fields=["event", "kind", "language"], name="template_once_for_a_language"),
        ),
        migrations.RemoveConstraint("template", "template_once_for_a_kind"),
    ]
