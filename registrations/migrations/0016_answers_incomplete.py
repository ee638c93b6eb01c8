from django.db import migrations, models
from django.db.models import Q

from eventhub.db.operations import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registrations", "0015_answer_changes")]
    operations = [
        AddIndexInUse(
            "answers",
            models.Index(fields=["registration"], condition=Q(("complete", False)), name="answers_incomplete"),
        ),
    ]
