from django.db import migrations

# What the back office's journal has called accounts so far: by their names, which outlived them there.
NAMELESS = """
UPDATE django_admin_log SET object_repr = 'Account ' || object_id
 WHERE object_id IS NOT NULL AND content_type_id IN
       (SELECT id FROM django_content_type WHERE app_label = 'accounts' AND model = 'user')"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_email_verified"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunSQL(NAMELESS, migrations.RunSQL.noop)]
