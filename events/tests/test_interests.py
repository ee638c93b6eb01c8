"""Events of interest: marked, listed and taken off, each as often as one likes."""

import pytest

from events.models import Interest

pytestmark = pytest.mark.django_db


def test_an_event_is_marked_and_unmarked(api, bob, eve, olga, make_event):
    event, other = make_event(olga), make_event(olga, visibility="unlisted")
    client, path = api(bob), f"/events/{event.pk}/interest"
    answers = [
        client.put(path, {}),
        client.put(path, {"notify": False}),
        client.put(f"/events/{other.pk}/interest", {}),
    ]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 3
    assert {*Interest.objects.values_list("user", "event", "notify")} == {
        (bob.pk, event.pk, False),
        (bob.pk, other.pk, True),
    }
    api(eve).put(path, {})
    rows = client.get("/users/me/interests").json()["results"]
    assert [(row["event_id"], row["notify"]) for row in rows] == [(event.pk, False), (other.pk, True)]
    item = client.get(f"/events/{event.pk}").json()
    assert rows[0] == {**item, "notify": False}
    assert [client.delete(path).status_code, client.delete(path).status_code] == [204, 204]
    assert [row["event_id"] for row in client.get("/users/me/interests").json()["results"]] == [other.pk]


def test_a_mark_shows_nothing_of_an_event_that_is_hidden(api, bob, olga, make_event):
    event = make_event(olga)
    path = f"/events/{event.pk}/interest"
    api(bob).put(path, {})
    for hidden in ({"visibility": "private"}, {"status": "draft", "visibility": "public"}):
        for name, value in hidden.items():
            setattr(event, name, value)
        event.save()
        assert api(bob).get("/users/me/interests").json()["results"] == []
        assert [api(bob).put(path, {}).status_code, api(bob).delete(path).status_code] == [404, 404]
    assert api(bob).put("/events/1000000/interest", {}).json() == {"msg": "Event not found", "code": "not_found"}


def test_marks_go_with_the_event_and_with_the_account(api, bob, olga, ada, make_event):
    first, second = make_event(olga), make_event(olga)
    for event in (first, second):
        api(bob).put(f"/events/{event.pk}/interest", {})
    assert api(olga).delete(f"/events/{first.pk}").status_code == 204
    assert Interest.objects.count() == 1
    assert api(ada).delete(f"/users/{bob.pk}").status_code == 204
    assert not Interest.objects.exists()
