from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from checkin.models import Presence
from checkin.services.admission import scan
from checkin.services.judgement import Attempt, Door
from registrations.models import Registration

pytestmark = pytest.mark.django_db


def doors(event, *options):
    out = StringIO()
    call_command("doors", str(event.pk), *options, stdout=out)
    return out.getvalue()


def test_the_command_finds_and_corrects_what_differs_from_the_log(make_event, enroll, olga):
    event = make_event(olga, title="Talk")
    rows = [enroll(event) for _ in range(3)]
    for row in rows:
        scan(Door(event.pk, olga), Attempt(registration_id=row.pk))
    assert doors(event) == "Talk: the log agrees.\n"
    Presence.objects.filter(registration=rows[0]).update(entries=2)
    Presence.objects.filter(registration=rows[1]).delete()
    Registration.objects.filter(pk=rows[2].pk)._raw_delete(using="default")
    with pytest.raises(CommandError, match="Differences: 2"):
        doors(event)
    assert doors(event, "--replay").endswith("the log agrees. Corrected: 2.\n")
    assert doors(event) == "Talk: the log agrees.\n"
    with pytest.raises(CommandError, match="no such event"):
        call_command("doors", "999")
