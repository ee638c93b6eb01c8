"""`GET` and `PUT /users/me/notifications`: which emails somebody does not want."""

import pytest

from accounts.services import api_tokens
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.responses import NO_HEADER, refusal, whole
from notifications.models import OptOut
from notifications.services import preferences

pytestmark = pytest.mark.django_db

PATH = "/users/me/notifications"
UNCHOSEN = {"digest": None, "language": ""}
NOTHING = {"notices": "all", "opt_outs": [], **UNCHOSEN}


def of(scope, organizer_id=None, event_id=None):
    return {"scope": scope, "organizer_id": organizer_id, "event_id": event_id}


def test_the_choice_is_kept_and_absent_keys_keep_their_value(api, olga, bob, eve, make_event):
    event, client = make_event(olga), api(bob)
    everything, theirs, this = of("everything"), of("organizer", olga.pk), of("event", None, event.pk)
    assert client.get(PATH).json() == NOTHING
    steps = [
        ({"notices": "essential"}, {"notices": "essential", "opt_outs": []}),
        ({"opt_outs": [this, everything, this]}, {"notices": "essential", "opt_outs": [this, everything]}),
        ({"opt_outs": [everything, theirs], "notices": "all"}, {"notices": "all", "opt_outs": [everything, theirs]}),
        ({}, {"notices": "all", "opt_outs": [everything, theirs]}),
        ({"digest": None}, {"notices": "all", "opt_outs": [everything, theirs]}),
        ({"language": "de"}, {"notices": "all", "opt_outs": [everything, theirs], "language": "de"}),
        ({"notices": "all"}, {"notices": "all", "opt_outs": [everything, theirs], "language": "de"}),
        ({"opt_outs": [], "language": ""}, NOTHING),
    ]
    for sent, kept in steps:
        for verb in (client.put, client.patch):
            answer = verb(PATH, sent)
            assert (answer.status_code, answer.json()) == (200, {**UNCHOSEN, **kept})
        assert client.get(PATH).json() == {**UNCHOSEN, **kept}
    client.put(PATH, {"notices": "essential", "opt_outs": [{"scope": "event", "event_id": event.pk}]})
    assert api(eve).get(PATH).json() == NOTHING
    assert (preferences.wants_reminders(bob.pk), preferences.opted_out([bob.pk, eve.pk], event)) == (False, {bob.pk})


def test_what_stays_keeps_its_row(api, olga, otto, bob):
    client = api(bob)
    client.put(PATH, {"opt_outs": [of("organizer", olga.pk), of("everything")]})
    before = set(OptOut.objects.values_list("pk", "scope"))
    client.put(PATH, {"opt_outs": [of("organizer", otto.pk), of("everything")], "notices": "essential"})
    assert {scope for _, scope in before & set(OptOut.objects.values_list("pk", "scope"))} == {"everything"}
    assert OptOut.objects.count() == 3


NEEDS = "Send organizer_id or event_id exactly as the scope needs."


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"notices": "none"}, {"notices": ['"none" is not a valid choice.']}),
        ({"notices": None}, {"notices": ["This field may not be null."]}),
        ({"opt_outs": None}, {"opt_outs": ["This field may not be null."]}),
        ({"opt_outs": {}}, {"opt_outs": ['Expected a list of items but got type "dict".']}),
        ({"opt_outs": [of("everything")] * 1001}, {"opt_outs": ["Ensure this field has no more than 1000 elements."]}),
        ({"opt_outs": [of("everything"), {}]}, {"opt_outs": {"1": {"scope": ["This field is required."]}}}),
        ({"language": "fr"}, {"language": ["Choose one of en, de."]}),
        ({"language": None}, {"language": ["This field may not be null."]}),
        ({"digest": "hourly"}, {"digest": ['"hourly" is not a valid choice.']}),
        ({"digest": "none"}, {"digest": ["Only organizers get summaries of their events."]}),
        ({"digest": "daily", "notices": "essential"}, {"digest": ["Only organizers get summaries of their events."]}),
        ({"opt_outs": [of("digests")]}, {"opt_outs": {"0": {"scope": ['"digests" is not a valid choice.']}}}),
        ({"opt_outs": [of("reminders")]}, {"opt_outs": {"0": {"scope": ['"reminders" is not a valid choice.']}}}),
        ({"opt_outs": [of("event")]}, {"opt_outs": {"0": {"scope": [NEEDS]}}}),
        ({"opt_outs": [of("organizer", 1, 1)]}, {"opt_outs": {"0": {"scope": [NEEDS]}}}),
        ({"opt_outs": [of("everything", 1)]}, {"opt_outs": {"0": {"scope": [NEEDS]}}}),
        (
            {"opt_outs": [of("event", None, True)]},
            {"opt_outs": {"0": {"event_id": ["A valid integer is required."]}}},
        ),
        ({"opt_outs": [of("event", None, 2**63)]}, {"opt_outs": ["Event 0 not found."]}),
    ],
)
def test_a_wrong_body_is_a_400_that_names_the_place(api, bob, body, errors):
    answer = api(bob).put(PATH, body)
    assert (answer.status_code, answer.json()["code"], answer.json()["errors"]) == (400, "invalid", errors)
    assert not OptOut.objects.exists()


def test_what_one_cannot_see_is_not_found_and_what_was_chosen_before_stays(api, olga, bob, eve, make_event):
    draft, event = make_event(olga, status="draft"), make_event(olga)
    client = api(bob)
    for unknown, said in [
        (of("event", None, draft.pk), f"Event {draft.pk} not found."),
        (of("event", None, event.pk + 1000), f"Event {event.pk + 1000} not found."),
        (of("organizer", eve.pk), f"Organizer {eve.pk} not found."),
        (of("organizer", eve.pk + 1000), f"Organizer {eve.pk + 1000} not found."),
    ]:
        assert client.put(PATH, {"opt_outs": [unknown]}).json()["errors"] == {"opt_outs": [said]}
    chosen = {"opt_outs": [of("event", None, event.pk), of("organizer", olga.pk)]}
    assert client.put(PATH, chosen).status_code == 200
    event.status = "draft"
    event.save()
    assert client.put(PATH, chosen).json() == {"notices": "all", **chosen, **UNCHOSEN}
    assert api(olga).put(PATH, {"opt_outs": [of("event", None, draft.pk)]}).status_code == 200


def test_an_edit_by_another_device_is_noticed(api, bob):
    client = api(bob)
    tag = client.get(PATH).headers["ETag"]
    assert client.get(PATH, headers={"If-None-Match": tag}).status_code == 304
    preferences.opt_out(bob.pk, "everything")
    answer = client.put(PATH, {"notices": "essential"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert client.get(PATH).json() == {"notices": "all", "opt_outs": [of("everything")], **UNCHOSEN}
    tag = client.get(PATH).headers["ETag"]
    answer = client.put(PATH, {"notices": "essential"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.headers["ETag"]) == (200, client.get(PATH).headers["ETag"])
    assert answer.headers["ETag"] != tag


@pytest.mark.parametrize("role", ["ada", "olga"])
def test_organizers_choose_how_often_they_get_a_summary(api, request, role):
    user = request.getfixturevalue(role)
    client = api(user)
    assert client.get(PATH).json() == {**NOTHING, "digest": "none"}
    for digest in ("daily", "weekly", "none", "weekly"):
        assert client.put(PATH, {"digest": digest}).json() == {**NOTHING, "digest": digest}
        assert client.put(PATH, {"digest": None}).json() == client.get(PATH).json() == {**NOTHING, "digest": digest}
    preferences.opt_out(user.pk, "digests")
    for chosen in ("none", "daily"):
        assert client.get(PATH).json() == {**NOTHING, "digest": "none"}
        assert client.put(PATH, {"digest": chosen}).json() == {**NOTHING, "digest": chosen}
        assert (OptOut.objects.exists(), preferences.wants_digest(user.pk)) == (False, chosen == "daily")
        preferences.opt_out(user.pk, "digests")


@pytest.mark.parametrize("role", ["ada", "olga", "bob"])
def test_every_role_has_its_own(api, request, role):
    client = api(request.getfixturevalue(role))
    assert client.put(PATH, {"notices": "essential"}).json() == client.get(PATH).json()
    assert OptOut.objects.get().user.username == role
    for verb in (ContractClient().get, ContractClient().put):
        assert whole(verb(PATH)) == NO_HEADER


def test_a_service_token_reads_and_never_writes(bob):
    made = api_tokens.create_token(owner=bob, name="Website", scopes=["profile:read"])
    client = ContractClient(made.secret)
    assert client.get(PATH).json() == NOTHING
    assert whole(client.put(PATH, {"notices": "essential"})) == refusal(
        403, "This token lacks the scope for this", "insufficient_scope"
    )
    other = ContractClient(api_tokens.create_token(owner=bob, name="Other", scopes=["events:read"]).secret)
    assert (other.get(PATH).status_code, other.get(PATH).json()["scope"]) == (403, "profile:read")
