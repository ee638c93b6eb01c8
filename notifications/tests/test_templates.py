"""An event's own words for its mails: through the API, and in the mails themselves."""

import pytest
from django.utils import timezone

from accounts.services.accounts import apply_changes
from eventhub.testing.responses import DONE, NO_EVENT, NOT_ALLOWED, invalid, refusal, whole
from events.admin.history import read_history
from events.models import Event
from notifications.mails import compose
from notifications.models import Kind, Notice, Template
from notifications.services.retention import delete_old
from notifications.services.templates import wordings_of
from notifications.texts import KINDS, PLACEHOLDERS, VOCABULARIES, Wording, fill, words
from registrations.models import Transition

pytestmark = pytest.mark.django_db

OWN = {"subject": "Tomorrow: {event}", "body": "Hello {name},\n\nbring a coat.\n\n{link}"}
KNOWN = "{name}, {event}, {date}, {place}, {organizer}, {link}"


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="Night of the Telescopes")


@pytest.fixture
def mail(event, bob, enroll):
    """Make the mail of a kind for Bob."""

    def make(kind=Kind.REMINDER, **fields):
        registration = enroll(event, bob, name="Bob", **fields)
        transition = Transition.objects.filter(registration=registration).last()
        return compose(Notice(kind=kind, user=bob, event=event, registration=registration, transition=transition))

    return make


def shown(kind, subject, body, *, is_default, language=""):
    return {
        "kind": kind,
        "language": language,
        "subject": subject,
        "body": body,
        "is_default": is_default,
        "placeholders": list(PLACEHOLDERS[kind]),
    }


def test_words_are_saved_listed_and_reset(api, olga, event, mail):
    client, path = api(olga), f"/events/{event.pk}/templates"
    defaults = [shown(kind, *wording, is_default=True) for kind, wording in words().defaults.items()]
    assert whole(client.get(path)) == (200, {"results": defaults})
    saved = shown("reminder", OWN["subject"], OWN["body"], is_default=False)
    assert whole(client.put(f"{path}/reminder", OWN)) == (200, saved)
    assert client.get(path).json()["results"] == [saved if each["kind"] == "reminder" else each for each in defaults]
    message = mail()
    assert message.subject == "Tomorrow: Night of the Telescopes"
    assert message.body.startswith("Hello Bob,\n\nbring a coat.\n\nhttp")
    assert "See your registration" in message.alternatives[0][0]
    assert whole(client.delete(f"{path}/reminder")) == DONE
    assert whole(client.get(path)) == (200, {"results": defaults})
    assert whole(client.delete(f"{path}/reminder")) == DONE


def test_absent_keys_keep_their_words_and_the_default_words_are_not_stored(api, olga, event):
    client, path = api(olga), f"/events/{event.pk}/templates/reminder"
    default = words().defaults[Kind.REMINDER]
    assert client.patch(path, {"subject": "Soon"}).json()["body"] == default.body
    assert client.put(path, {"body": "Come!\r\n\r\nAll of you."}).json()["subject"] == "Soon"
    assert Template.objects.get().body == "Come!\n\nAll of you."
    assert client.put(path, default._asdict()).json()["is_default"] is True
    assert not Template.objects.exists()


def test_new_words_are_in_the_history_of_the_event(api, office, olga, ada, event):
    path, page = f"/events/{event.pk}/templates/reminder", f"/admin/events/event/{event.pk}"
    for _ in range(2):  # the second changes nothing
        api(olga).put(path, OWN)
    office(ada).post(f"{page}/emails/reminder/", {"reset": "1", "confirmed": "yes"})
    api(olga).delete(path)
    changes = read_history(event_id=event.pk, reader=olga).changes
    assert [(change.who, change.through, change.kind, change.fields, change.note) for change in changes] == [
        ("an admin", "Back office", "Changed", [], "Email “Reminder”: default words"),
        ("olga", "API", "Changed", [], "Email “Reminder”: new words"),
        ("", "Command", "Created", [], ""),
    ]
    assert "Email “Reminder”: new words" in office(olga).get(f"{page}/history/").content.decode()


STRAY = f"Use {{ and }} only around a placeholder. Known: {KNOWN}."


@pytest.mark.once
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{settings}", f"{{settings}} is not known here. Known: {KNOWN}."),
        ("{name.__class__} {0}", f"{{name.__class__}}, {{0}} are not known here. Known: {KNOWN}."),
        ("{name!r:>99}", f"{{name!r:>99}} is not known here. Known: {KNOWN}."),
        ("{name[0]}", f"{{name[0]}} is not known here. Known: {KNOWN}."),
        ("{{7*7}}", f"{{7*7}} is not known here. Known: {KNOWN}."),
        ("{ name }", f"{{ name }} is not known here. Known: {KNOWN}."),
        ("{}", f"{{}} is not known here. Known: {KNOWN}."),
        ("{position}", f"{{position}} is not known here. Known: {KNOWN}."),
        ("{{name}}", STRAY),
        ("{name", STRAY),
        ("name}", STRAY),
        ("{name}" * 51, "Use at most 50 placeholders."),
        ("", "This field may not be blank."),
        ("\u200b \u2060", "This field may not be blank."),
        ("a\x00b", "Null characters are not allowed."),
        ("a\x1b[2Jb", "Control characters are not allowed."),
    ],
)
def test_a_text_that_no_mail_can_say_is_refused(api, olga, event, text, problem):
    path = f"/events/{event.pk}/templates/reminder"
    for name in ("subject", "body"):
        if len(text) < 200 or name == "body":
            assert whole(api(olga).put(path, {**OWN, name: text})) == invalid(**{name: problem})
            assert whole(api(olga).post(f"{path}/preview", {**OWN, name: text})) == invalid(**{name: problem})
    assert not Template.objects.exists()


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"subject": "Party\r\nBcc: victim@example.org"}, {"subject": "Control characters are not allowed."}),
        ({"subject": "Party\u2028Bcc: a@example.org"}, {"subject": "Control characters are not allowed."}),
        ({"subject": "x" * 201}, {"subject": "Ensure this field has no more than 200 characters."}),
        ({"body": "x" * 5001}, {"body": "Ensure this field has no more than 5000 characters."}),
        ({"subject": None, "body": ["x"]}, {"subject": "This field may not be null.", "body": "Not a valid string."}),
        (
            {"subject": "{a}", "body": "{b}"},
            {name: f"{{{x}}} is not known here. Known: {KNOWN}." for name, x in (("subject", "a"), ("body", "b"))},
        ),
    ],
)
def test_a_subject_is_one_line_and_both_are_bounded(api, olga, event, changes, errors):
    path = f"/events/{event.pk}/templates/reminder"
    assert whole(api(olga).put(path, {**OWN, **changes})) == invalid(**errors)
    assert not Template.objects.exists()


@pytest.mark.parametrize(
    ("added_by_address", "is_trusted", "are_own"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_people_added_by_address_get_the_words_of_trusted_organizers_alone(
    api, olga, event, mail, added_by_address, is_trusted, are_own
):
    apply_changes(account_id=olga.pk, changes={"is_trusted_to_write": is_trusted})
    olga.refresh_from_db()
    event.organizer = olga
    api(olga).put(f"/events/{event.pk}/templates/reminder", OWN)
    assert ("bring a coat" in mail(added_by_address=added_by_address).body) is are_own


def test_html_in_the_words_is_text(api, olga, event, mail):
    script = "<script>alert(1)</script> {name}"
    api(olga).put(f"/events/{event.pk}/templates/reminder", {"subject": script, "body": script})
    message = mail()
    assert message.subject == "<script>alert(1)</script> Bob"
    assert message.body.startswith("<script>alert(1)</script> Bob\n")
    for html in (
        message.alternatives[0][0],
        api(olga).post(f"/events/{event.pk}/templates/reminder/preview").json()["html"],
    ):
        assert "<script" not in html
        assert "<p>&lt;script&gt;alert(1)&lt;/script&gt; " in html


@pytest.mark.parametrize("kind", KINDS)
def test_a_preview_fills_every_placeholder_and_saves_nothing(api, olga, event, kind):
    path = f"/events/{event.pk}/templates/{kind}/preview"
    text = " ".join(f"{{{name}}}" for name in PLACEHOLDERS[kind])
    made = api(olga).post(path, {"subject": "{event}", "body": text}).json()
    assert made["subject"] == "Night of the Telescopes"
    assert "Robin Example Night of the Telescopes" in made["text"]
    assert "{" not in made["text"] + made["subject"]
    assert "Robin Example Night of the Telescopes" in made["html"]
    assert api(olga).post(path, {}).json()["text"].startswith("Hello Robin Example,\n\n")
    assert not Template.objects.exists()


def test_who_does_not_run_the_event_has_no_say(api, olga, otto, bob, ada, event, make_event):
    draft = make_event(olga, status="draft")
    requests = [
        ("GET", ""),
        ("GET", "/reminder"),
        ("PUT", "/reminder"),
        ("PATCH", "/reminder"),
        ("DELETE", "/reminder"),
    ]
    for who in (bob, otto):
        for verb, rest in [*requests, ("POST", "/reminder/preview")]:
            body = OWN if verb in {"PUT", "PATCH", "POST"} else None
            assert whole(api(who).send(verb, f"/events/{event.pk}/templates{rest}", body)) == NOT_ALLOWED
            assert whole(api(who).send(verb, f"/events/{draft.pk}/templates{rest}", body)) == NO_EVENT
    assert api(ada).put(f"/events/{draft.pk}/templates/reminder", OWN).status_code == 200
    assert Template.objects.get().event == draft


def test_a_kind_that_there_is_not_is_not_found(api, olga, event):
    path = f"/events/{event.pk}/templates/invoice"
    for answer in (
        *(api(olga).get(path), api(olga).put(path, OWN), api(olga).delete(path)),
        *(api(olga).post(f"{path}/preview", OWN), api(olga).get(f"{path}%00")),
    ):
        assert whole(answer) == refusal(404, "Template not found", "not_found")


def test_words_that_somebody_else_has_edited_are_not_overwritten(api, olga, event):
    client, path = api(olga), f"/events/{event.pk}/templates/reminder"
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"if-none-match": tag}).status_code == 304
    newer = client.put(path, OWN, headers={"if-match": tag}).headers["ETag"]
    late = {"subject": "Late"}
    assert client.put(path, late, headers={"if-match": tag}).json()["code"] == "precondition_failed"
    assert client.delete(path, headers={"if-match": tag}).status_code == 412
    assert Template.objects.get().subject == OWN["subject"]
    assert client.put(path, late, headers={"if-match": newer}).status_code == 200


GENERAL = Wording("For all", "Hello {name}")
GERMAN = Wording("Nur für Sie", "Guten Tag {name}")
SHIPPED = {code: vocabulary.defaults["reminder"] for code, vocabulary in VOCABULARIES.items()}


@pytest.mark.parametrize(
    ("own", "of_person", "of_event", "expected"),
    [
        ({}, "", "", SHIPPED["en"]),
        ({}, "", "de", SHIPPED["de"]),
        ({}, "en", "de", SHIPPED["en"]),
        ({"": GENERAL}, "", "", GENERAL),
        ({"": GENERAL}, "de", "", GENERAL),
        ({"": GENERAL, "de": GERMAN}, "de", "", GERMAN),
        ({"": GENERAL, "de": GERMAN}, "", "de", GERMAN),
        ({"": GENERAL, "de": GERMAN}, "", "", GENERAL),
        ({"": GENERAL, "de": GERMAN}, "en", "de", GENERAL),
        ({"de": GERMAN}, "de", "", GERMAN),
        ({"de": GERMAN}, "en", "de", SHIPPED["en"]),
    ],
)
def test_the_words_of_a_language_win_then_those_of_all(event, bob, mail, own, of_person, of_event, expected):
    event.language, bob.language = of_event, of_person
    for language, wording in own.items():
        Template.objects.create(event=event, kind="reminder", language=language, **wording._asdict())
    subject = fill(expected.subject, {"event": "Night of the Telescopes"})
    message = mail()
    assert message.subject == subject
    assert message.body.startswith(fill(expected.body, {"name": "Bob"}).partition("\n")[0])


def test_words_are_saved_for_each_language(api, olga, event):
    client, path = api(olga), f"/events/{event.pk}/templates"
    one, german = f"{path}/reminder", f"{path}/reminder?language=de"
    default = {code: shown("reminder", *SHIPPED[code], is_default=True, language=code) for code in SHIPPED}
    assert client.get(german).json() == default["de"]
    saved = shown("reminder", *GERMAN, is_default=False, language="de")
    assert client.put(german, GERMAN._asdict()).json() == client.get(german).json() == saved
    assert client.get(one).json() == {**default["en"], "language": ""}
    assert client.get(f"{one}?language=en").json() == default["en"]
    listed = client.get(f"{path}?language=de").json()["results"]
    assert [each for each in listed if each["kind"] == "reminder"] == [saved]
    assert {each["language"] for each in listed} == {"de"}
    assert client.put(one, GENERAL._asdict()).json()["language"] == ""
    assert client.get(german).json() == saved
    english = shown("reminder", *GENERAL, is_default=False, language="en")
    assert client.get(f"{one}?language=en").json() == english
    # In the body, as a client sends back what it has read.
    assert client.put(one, {**saved, "subject": "Neu"}).json() == {**saved, "subject": "Neu"}
    assert client.patch(german, {"language": "", "subject": "All"}).json()["language"] == ""
    assert {(row.language, row.subject) for row in Template.objects.all()} == {("", "All"), ("de", "Neu")}
    # What people would get anyway is not stored.
    assert client.put(german, {"subject": "All", "body": GENERAL.body}).status_code == 200
    assert Template.objects.get().language == ""
    assert client.put(german, SHIPPED["de"]._asdict()).json() == default["de"]
    assert whole(client.delete(german)) == DONE
    assert Template.objects.get().language == ""


def test_an_event_with_a_language_has_its_default_words(api, olga, event):
    api(olga).patch(f"/events/{event.pk}", {"language": "de"})
    path = f"/events/{event.pk}/templates/reminder"
    default = shown("reminder", *SHIPPED["de"], is_default=True)
    assert api(olga).get(path).json() == default
    made = api(olga).post(f"{path}/preview", {}).json()
    assert (made["text"].startswith("Guten Tag Robin Example,"), '<html lang="de">' in made["html"]) == (True, True)
    made = api(olga).post(f"{path}/preview?language=en", {}).json()
    assert (made["text"].startswith("Hello Robin Example,"), '<html lang="en">' in made["html"]) == (True, True)
    assert api(olga).put(path, SHIPPED["en"]._asdict()).json()["is_default"] is False


@pytest.mark.once
def test_an_unknown_language_is_a_400_that_names_the_choices(api, olga, event):
    path, refused = f"/events/{event.pk}/templates", invalid(language="Choose one of en, de.")
    for language in ("fr", "DE", "de-AT"):
        query = f"?language={language}"
        for answer in (
            api(olga).get(path + query),
            *(api(olga).send(verb, f"{path}/reminder{query}", None) for verb in ("GET", "DELETE")),
            *(api(olga).send(verb, f"{path}/reminder{query}", OWN) for verb in ("PUT", "PATCH")),
            api(olga).post(f"{path}/reminder/preview{query}", OWN),
            api(olga).put(f"{path}/reminder", {**OWN, "language": language}),
            api(olga).post(f"{path}/reminder/preview", {"language": language}),
        ):
            assert whole(answer) == refused
    assert not Template.objects.exists()


def test_a_copy_of_an_event_has_its_words_and_a_deleted_one_leaves_none(api, office, olga, event, make_event):
    other = make_event(olga)
    api(olga).put(f"/events/{other.pk}/templates/queued", OWN)
    api(olga).put(f"/events/{event.pk}/templates/reminder", OWN)
    api(olga).put(f"/events/{event.pk}/templates/reminder?language=de", GERMAN._asdict())
    api(olga).patch(f"/events/{event.pk}", {"language": "de"})
    office(olga).post("/admin/events/event/?when=all", {"action": "duplicate", "_selected_action": [event.pk]})
    copy = Event.objects.exclude(pk__in=[event.pk, other.pk]).get()
    event.refresh_from_db()
    assert copy.language == "de"
    for language in ("", "de", "en"):
        assert wordings_of(copy, language) == wordings_of(event, language)
    api(olga).delete(f"/events/{event.pk}")
    assert set(Template.objects.values_list("kind", "event")) == {("reminder", copy.pk), ("queued", other.pk)}


def test_housekeeping_deletes_the_words_of_events_that_another_program_has_deleted(api, olga, event, make_event):
    gone = make_event(olga)
    for each in (event, gone):
        api(olga).put(f"/events/{each.pk}/templates/reminder", OWN)
    Event.objects.filter(pk=gone.pk)._raw_delete("default")
    assert delete_old(now=timezone.now(), dry_run=False) == 1
    assert Template.objects.get().event == event
