"""The rows of the contract's Attendees besides registering: reading, changing and deleting, and who may."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registrations.models import Registration

pytestmark = pytest.mark.django_db

NOT_FOUND = (404, {"msg": "Attendee not found", "code": "not_found"})


def error(answer):
    return answer.status_code, answer.json()


def ids(answer):
    assert answer.status_code == 200, answer.json()
    return [item["attendee_id"] for item in answer.json()["results"]]


def test_a_list_has_ones_own_those_of_ones_events_or_all(api, olga, otto, ada, bob, eve, make_event, enroll):
    olgas, ottos = make_event(olga), make_event(otto)
    rows = [enroll(olgas, bob), enroll(olgas, otto), enroll(ottos, olga), enroll(ottos, eve)]
    bobs, ottos_own, olgas_own, eves = (row.pk for row in rows)
    expected = {
        bob: [bobs],
        eve: [eves],
        olga: [olgas_own, ottos_own, bobs],
        otto: [eves, olgas_own, ottos_own],
        ada: [eves, olgas_own, ottos_own, bobs],
    }
    assert {who: ids(api(who).get("/attendees/")) for who in expected} == expected


def test_what_concerns_a_draft_is_hidden_as_the_draft_is(api, olga, bob, make_event, enroll):
    event = make_event(olga, status="draft")
    row = enroll(event, bob, status="cancelled")
    path = f"/attendees/{row.pk}"
    assert (ids(api(bob).get("/attendees/")), ids(api(olga).get("/attendees/"))) == ([], [row.pk])
    for verb in ("GET", "PATCH", "DELETE"):
        assert error(api(bob).send(verb, path, {})) == NOT_FOUND
    assert api(olga).get(path).status_code == 200


def test_lists_leave_the_position_out(api, olga, bob, make_event, enroll):
    event = make_event(olga, full=True)
    row = enroll(event, bob, status="waitlisted")
    (item,) = api(bob).get("/attendees/").json()["results"]
    assert (item["status"], item["waitlist_position"]) == ("waitlisted", None)
    assert {**item, "waitlist_position": 1} == api(bob).get(f"/attendees/{row.pk}").json()


def test_orders_filters_and_search(api, ada, olga, bob, make_event, enroll):
    one, two = make_event(olga), make_event(olga)
    now = timezone.now()
    zoe = enroll(one, bob, name="Zoe", registration_date=now - timedelta(days=3))
    anna = enroll(one, name="Anna", status="cancelled", registration_date=now - timedelta(days=2))
    max_ = enroll(two, name="Max", contact_details="Gate B", registration_date=now - timedelta(days=1))

    def found(query):
        return ids(api(ada).get(f"/attendees/?{query}"))

    assert found("") == [max_.pk, anna.pk, zoe.pk]
    assert found("ordering=registration_date") == [zoe.pk, anna.pk, max_.pk]
    assert found("ordering=name") == [anna.pk, max_.pk, zoe.pk]
    assert found("ordering=-name") == [zoe.pk, max_.pk, anna.pk]
    assert found(f"event_id={one.pk}") == [anna.pk, zoe.pk]
    assert found(f"user_id={bob.pk}") == [zoe.pk]
    assert found("status=cancelled") == [anna.pk]
    assert found("search=gate") == [max_.pk]
    assert found("event_id=0") == found(f"user_id={2**63}") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [("status=gone", "status"), ("event_id=x", "event_id"), ("user_id=x", "user_id"), ("ordering=id", "ordering")],
)
def test_values_that_a_parameter_does_not_know(api, bob, query, field):
    answer = api(bob).get(f"/attendees/?{query}")
    assert (answer.status_code, answer.json()["code"], list(answer.json()["errors"])) == (400, "invalid", [field])


def test_a_registration_is_read_by_its_person_and_who_runs_the_event(
    api, olga, otto, ada, bob, eve, make_event, enroll
):
    path = f"/attendees/{enroll(make_event(olga), bob).pk}"
    assert [api(who).get(path).status_code for who in (bob, olga, ada)] == [200, 200, 200]
    for who in (otto, eve):
        assert error(api(who).get(path)) == (403, {"msg": "Not allowed", "code": "permission_denied"})


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
def test_a_registration_is_changed_by_its_person_and_who_runs_the_event(
    api, olga, otto, ada, bob, eve, make_event, enroll, verb
):
    path = f"/attendees/{enroll(make_event(olga), bob).pk}"
    for who in (bob, olga, ada):
        assert api(who).send(verb, path, {"name": f"by {who}"}).json()["name"] == f"by {who}"
    for who in (otto, eve):
        refused = {"msg": "Attendee not updated", "code": "permission_denied"}
        assert error(api(who).send(verb, path, {"name": ""})) == (403, refused)


def test_a_phone_number_is_kept_beside_the_address(api, olga, bob, make_event):
    made = api(bob).post("/attendees/", {"event_id": make_event(olga).pk, "phone": "+49 30 1"}).json()
    path = f"/attendees/{made['attendee_id']}"
    assert (made["contact_details"], made["phone"]) == ("bob@example.org", "+49 30 1")
    assert api(olga).get("/attendees/").json()["results"][0]["phone"] == "+49 30 1"
    edition = api(bob).get(path).headers["ETag"]
    changed = api(bob).patch(path, {"phone": ""})
    assert (changed.json()["contact_details"], changed.json()["phone"]) == ("bob@example.org", "")
    assert changed.headers["ETag"] != edition


@pytest.mark.parametrize("who", ["bob", "olga", "ada"])
def test_deleting_a_registration_removes_it(api, olga, ada, bob, make_event, enroll, who):
    row = enroll(make_event(olga), bob)
    answer = api({"bob": bob, "olga": olga, "ada": ada}[who]).delete(f"/attendees/{row.pk}")
    assert (answer.status_code, answer.content, Registration.objects.count()) == (204, b"", 0)


def test_deleting_anothers_registration_is_refused(api, olga, otto, bob, eve, make_event, enroll):
    row = enroll(make_event(olga), bob)
    for who in (otto, eve):
        answer = api(who).delete(f"/attendees/{row.pk}")
        assert error(answer) == (403, {"msg": "Attendee not deleted", "code": "permission_denied"})


def test_one_that_was_marked_attended_is_the_organizers_to_delete(api, olga, bob, make_event, enroll):
    row = enroll(make_event(olga), bob, status="attended")
    answer = api(bob).delete(f"/attendees/{row.pk}")
    assert error(answer) == (403, {"msg": "Not allowed", "code": "permission_denied"})
    assert api(olga).delete(f"/attendees/{row.pk}").status_code == 204


@pytest.mark.parametrize("pk", [987654, 2**63, 10**40])
def test_a_missing_registration_is_not_found(api, ada, pk):
    for verb in ("GET", "PUT", "PATCH", "DELETE"):
        assert error(api(ada).send(verb, f"/attendees/{pk}", {})) == NOT_FOUND
