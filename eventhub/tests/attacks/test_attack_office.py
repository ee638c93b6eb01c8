"""The back office under attack: every address of it, found by walking the resolver, at rows that are somebody else's,
by everybody who is no admin; every action on such rows; and fields that no form of it has."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import get_resolver

from eventhub.tests.attacks.database_snapshot import changes, everything, hostile
from eventhub.tests.attacks.scene import IDS, Scene, undone
from events.models import Event
from registrations.models import Registration

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

# By these ids olga knows no event and no registration of hers: a draft of otto's with bob in it, and one that is over.
FOREIGN = [IDS[1], IDS[5]]
# The one that is over is public: everybody reads about it on the page to register, and nobody registers any more.
PUBLIC = {("/admin/register/<slug:name>/", IDS[5])}
WHO = (None, "max", "olga", "ida")  # max is in a team


def addresses(patterns, before=""):
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from addresses(pattern.url_patterns, here)
        elif here.startswith("admin/") and "(?P<url>" not in here:
            yield "/" + here


ADDRESSES = sorted(set(addresses(get_resolver().url_patterns)))
MODELS = [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]


def at(address, pk):
    """The address with that id wherever one goes."""
    address = re.sub(r"\^?\(\?P<app_label>(\w+)\|[^)]*\)/\$", r"\1/", address)
    others = {"content_type_id": "1", "slug:kind": "csv", "str:kind": "reminder" if "/emails/" in address else "csv"}
    filled = re.sub(r"<([^>]+)>", lambda match: next((v for k, v in others.items() if k in match[1]), str(pk)), address)
    assert not re.search(r"[<(]", filled), f"nobody has said what goes into {address}"
    return filled


@pytest.fixture(scope="module")
def scene(module_rows):
    """In which otto's events, and all addresses, are known by a word."""
    scene = Scene()
    for user in scene.people.values():
        user.email = f"{user.username}@ottosecret.example"
        user.save()
    for event in Event.objects.filter(organizer=scene.people["otto"]):
        event.title, event.location, event.description = "Ottosecret", "Ottosecret", "Ottosecret"
        event.save()
        Registration.objects.filter(event=event).update(name="Ottosecret", contact_details="Ottosecret")
    return scene


@pytest.fixture
def signed_in(scene):
    def client_of(who):
        client = Client(raise_request_exception=False)
        if who:
            client.force_login(scene.people[who])
        return client

    return client_of


def shown(answer, who):
    """Whether it holds what is nobody's business but otto's; one's own address is one's own."""
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return "ottosecret" in text.decode(errors="replace").lower().replace(f"{who}@ottosecret.example", "")


def strange(before):
    """What has changed of a row by one of those ids; the account by one of them is olga's own."""
    found = changes(before, everything())
    theirs = tuple(str(pk) for pk in FOREIGN)
    return {one for one in found if one[0].endswith(theirs) and not one[0].startswith("accounts.")}


FORM = {"post": "yes", "confirm": "yes", "deed": "check_in", "status": "cancelled", "title": "x", "name": "x"}


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_shows_or_changes_a_strangers_rows(signed_in, address, django_capture_on_commit_callbacks):
    odd = {}
    queries = [""] if "<" in address else ["", "?q=ottosec", "?status__exact=draft&all=1"]
    for who in WHO:
        client = signed_in(who)
        before = everything()
        with undone(django_capture_on_commit_callbacks):
            for pk in FOREIGN:
                here = at(address, pk)
                is_new = "<" in address or pk == FOREIGN[0]
                answers = {f"GET {more}": client.get(here + more) for more in queries if is_new}
                answers["POST"] = client.post(here, {**FORM, "pk": pk, "event": pk, "event_id": pk})
                for name, answer in answers.items():
                    is_public = (address, pk) in PUBLIC
                    if answer.status_code >= 500 or (shown(answer, who) and not is_public):
                        odd[who, pk, name] = answer.status_code
            if changed := strange(before):
                odd[who] = changed
    assert odd == {}


@pytest.mark.parametrize("path", MODELS)
def test_no_action_reaches_a_strangers_rows(signed_in, path, django_capture_on_commit_callbacks):
    """Each that an admin is offered, asked for by everybody else for rows that are not theirs."""
    page = signed_in("ada").get(path).content.decode()
    actions = {*re.findall(r'<option value="(\w+)"', page), "delete_selected"}
    odd = {}
    for who in WHO:
        client = signed_in(who)
        before = everything()
        for action in sorted(actions):
            with undone(django_capture_on_commit_callbacks):
                for across in ("0", "1"):
                    chosen = {"action": action, "_selected_action": FOREIGN, "select_across": across, "index": "0"}
                    for more in ({}, {"post": "yes", "confirm": "yes", "confirmed": "yes"}):
                        answer = client.post(path, {**chosen, **more})
                        if answer.status_code >= 500 or shown(answer, who):
                            odd[who, action] = answer.status_code
                if changed := strange(before):
                    odd[who, action, across] = changed
    assert odd == {}


# Fields that a form does not have -------------------------------------------------------------------------------------


def fields_of(page):
    """What a browser sends back of the one form for a row that a page has."""
    form = re.search(r'<form[^>]* id="\w+_form".*?</form>', page, re.DOTALL)[0]
    sent = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if attributes.get("type") in {"checkbox", "radio"}:
            if "checked" in tag:
                sent[attributes["name"]] = attributes.get("value", "on")
        elif "name" in attributes and attributes.get("type") != "submit":
            sent[attributes["name"]] = attributes.get("value", "")
    for name, text in re.findall(r'<textarea name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        sent[name] = unescape(text.strip("\r\n"))
    for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.findall(r'<option value="([^"]*)" selected', options)
        sent[name] = chosen[0] if chosen else ""
    return sent


FORMS = {
    "/admin/events/event/{}/change/": (("olga", 0), ("ada", 1)),
    "/admin/events/event/add/": (("olga", 0), ("ada", 0)),
    "/admin/registrations/registration/{}/change/": (("olga", 0), ("ada", 4)),
    "/admin/accounts/user/{}/change/": (("ada", 0), ("ada", 1), ("ada", 2)),
    "/admin/accounts/user/add/": (("ada", 0),),
}
FILLED = {
    "/admin/events/event/add/": {
        "title": "New",
        "location": "Hall",
        "max_capacity": "5",
        "date_time_0": "2031-05-01",
        "date_time_1": "18:00:00",
    },
    "/admin/accounts/user/add/": {"username": "new", "email": "new@example.org"},
}


@pytest.mark.parametrize("address", FORMS)
def test_fields_that_a_form_does_not_have_change_nothing(signed_in, address, django_capture_on_commit_callbacks):
    for who, place in FORMS[address]:
        client, path = signed_in(who), address.format(IDS[place])
        form = {**fields_of(client.get(path).content.decode()), **FILLED.get(address, {})}
        before, results = everything(), []
        for turn in (None, 0, 1):
            extra = hostile(IDS, turn) if turn is not None else {}
            more = {name: str(value) for name, value in extra.items() if not any(key.startswith(name) for key in form)}
            with undone(django_capture_on_commit_callbacks):
                answer = client.post(path, {**more, **form})
                results.append((answer.status_code, changes(before, everything())))
        assert results == [results[0]] * 3
        assert results[0][0] == 302
