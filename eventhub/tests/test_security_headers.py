"""What every answer tells a browser: a policy for each kind of page, cookies, and who elsewhere may read it."""

import pytest
from django.test import Client

from eventhub.http.security_headers import DATA, DOCS, OFFICE, SCAN, of_pages
from eventhub.testing.factories import PASSWORD
from eventhub.testing.responses import whole

pytestmark = [pytest.mark.once, pytest.mark.django_db]

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}
OF_FILES = {name: value for name, value in ALWAYS.items() if name != "X-Frame-Options"}  # the policy says it
OF_PAGES = of_pages("")["content-security-policy"][1]
SHARED = {**ALWAYS, "Cross-Origin-Resource-Policy": "cross-origin"}
FOR_A_MINUTE = "public, max-age=60, stale-while-revalidate=300"
NEVER_KEPT = "max-age=0, no-cache, no-store, must-revalidate, private"
KINDS = [
    ("GET", "/", 200, ALWAYS, DATA, None),
    ("GET", "/schema/", 200, ALWAYS, DATA, None),
    ("GET", "/healthz", 200, ALWAYS, DATA, NEVER_KEPT),
    ("GET", "/docs/", 200, ALWAYS, DOCS, None),
    ("GET", "/docs/?script=", 200, ALWAYS, DOCS, None),
    ("GET", "/nope", 404, ALWAYS, DATA, "no-store"),
    ("GET", "/users/me", 401, ALWAYS, DATA, "no-store"),
    ("POST", "/users/login", 400, ALWAYS, DATA, "no-store"),
    ("GET", "/events/", 401, ALWAYS, DATA, "no-store"),
    ("GET", "/admin/login/", 200, ALWAYS, OFFICE, NEVER_KEPT),
    ("GET", "/admin/", 302, ALWAYS, OFFICE, "no-store"),
    ("POST", "/admin/login/", 403, ALWAYS, OFFICE, "no-store"),
    ("GET", "/e/", 200, ALWAYS, OF_PAGES, FOR_A_MINUTE),
    ("GET", "/e/9999", 404, ALWAYS, OF_PAGES, "no-store"),
    ("GET", "/o/9999", 404, ALWAYS, OF_PAGES, "no-store"),
    ("GET", "/public/events/", 200, SHARED, DATA, FOR_A_MINUTE),
    ("GET", "/public/events/9999", 404, SHARED, DATA, "no-store"),
    ("GET", "/sitemap.xml", 200, SHARED, DATA, FOR_A_MINUTE),
    ("GET", "/static/eventhub/favicon.svg", 200, OF_FILES, DATA, "max-age=60, public"),
]


def put_away(answer):
    """What may be a file, without what the end of a request does to the connection of a test."""
    for close in answer._resource_closers:
        close()


@pytest.mark.parametrize(("verb", "path", "status", "always", "policy", "kept"), KINDS)
def test_each_kind_of_page_has_its_policy(verb, path, status, always, policy, kept):
    answer = Client(enforce_csrf_checks=True).generic(verb, path)
    put_away(answer)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in always} == always
    assert answer.headers["Content-Security-Policy"] == policy
    assert answer.headers.get("Cache-Control") == kept


def test_no_policy_lets_a_page_run_what_is_written_in_it_or_lies_elsewhere():
    for policy in (DATA, DOCS, OFFICE, SCAN, OF_PAGES):
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
        assert set(rules.get("script-src", "").split()) <= {"'self'", "'unsafe-eval'"}
        sources = {source for rule in rules.values() for source in rule.split()}
        assert sources <= {"'none'", "'self'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}
        assert "blob:" not in rules.get("script-src", "") + rules.get("worker-src", "")


def test_what_is_about_people_is_kept_by_nobody(api, office, olga, make_event, enroll):
    event = make_event(olga)
    attendee = enroll(event, olga)
    for path in ("/users/me", "/attendees/", f"/attendees/{attendee.pk}", f"/events/{event.pk}/attendees"):
        assert api(olga).get(path).headers["Cache-Control"] == "no-store", path
    assert "no-store" in office(olga).get("/admin/").headers["Cache-Control"]


def test_an_event_may_be_kept_by_who_asked_and_is_asked_about_each_time(api, olga, bob, make_event):
    path = f"/events/{make_event(olga).pk}"
    first = api(bob).get(path)
    again = api(bob).get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    for answer in (first, again):
        assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == ("private, no-cache", "Authorization")


# Cookies -------------------------------------------------------------------------------------------------------------


def cookies(answer):
    kept = ("secure", "httponly", "samesite", "path", "domain")
    return {name: tuple(morsel[each] for each in kept) for name, morsel in answer.cookies.items()}


def sign_in(client, user, **extra):
    client.get("/admin/login/", **extra)
    return client.post("/admin/login/", {"username": user.username, "password": PASSWORD}, **extra)


def test_cookies_are_for_the_server_and_for_pages_of_ours(client, olga):
    assert cookies(sign_in(client, olga)) == {
        "sessionid": ("", True, "Lax", "/", ""),
        "csrftoken": ("", True, "Lax", "/", ""),
    }


def test_over_https_they_are_of_this_very_host(client, settings, olga):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    assert cookies(sign_in(client, olga, secure=True)) == {
        "__Host-sessionid": (True, True, "Lax", "/", ""),
        "__Host-csrftoken": (True, True, "Lax", "/", ""),
    }


def test_the_api_gives_no_cookies(api, olga):
    answers = [api(olga).get("/users/me"), api().post("/users/login", {"username": "olga", "password": PASSWORD})]
    assert [cookies(answer) for answer in answers] == [{}, {}]


# HTTPS ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def https(settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 3600
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.usefixtures("https")
def test_what_comes_over_http_is_sent_to_https(client):
    answer = client.get("/events/?page_size=1", headers={"Host": "localhost:8000"})
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://localhost:8000/events/?page_size=1")
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.usefixtures("https")
@pytest.mark.parametrize("path", ["/events/", "/admin/login/", "/nope", "/static/eventhub/favicon.svg"])
def test_what_comes_over_https_is_told_to_stay_there(client, path):
    answer = client.get(path, headers={"X-Forwarded-Proto": "https"})
    put_away(answer)
    assert answer.status_code != 301
    assert answer.headers["Strict-Transport-Security"] == "max-age=3600"


@pytest.mark.usefixtures("https")
@pytest.mark.parametrize("host", ["evil.example", "localhost@evil.example"])
def test_nobody_is_sent_to_another_host(client, host):
    answer = client.get("/events/", headers={"Host": host})
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


# Other origins -------------------------------------------------------------------------------------------------------

HOME = "https://www.example.org"


@pytest.fixture
def open_to_home(settings):
    settings.CORS_ALLOWED_ORIGINS = [HOME]
    settings.MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", *settings.MIDDLEWARE]


def allowed(answer):
    put_away(answer)
    return {name: value for name, value in answer.headers.items() if name.lower().startswith("access-control-")}


def preflight(client, path, origin, verb="PATCH"):
    asked = {"Access-Control-Request-Method": verb, "Access-Control-Request-Headers": "authorization, if-match"}
    return client.options(path, headers={"Origin": origin, **asked})


def test_by_default_no_page_elsewhere_reads_anything(client):
    for path in ("/events/", "/users/login", "/schema/", "/static/eventhub/favicon.svg", "/admin/login/"):
        assert allowed(client.get(path, headers={"Origin": HOME})) == {}
        assert allowed(preflight(client, path, HOME)) == {}


@pytest.mark.usefixtures("open_to_home")
def test_a_page_that_is_named_may_call_the_api_with_a_token(client, api, olga):
    answer = preflight(client, "/events/1", HOME)
    assert (answer.status_code, allowed(answer)) == (
        200,
        {
            "access-control-allow-origin": HOME,
            "access-control-allow-headers": "accept, authorization, content-type, idempotency-key, if-match, "
            "if-none-match, x-request-id, baggage, traceparent, tracestate, x-requested-with",
            "access-control-allow-methods": "DELETE, GET, OPTIONS, PATCH, POST, PUT",
            "access-control-max-age": "86400",
            "access-control-expose-headers": "ETag, Idempotent-Replayed, Retry-After, WWW-Authenticate, X-Request-ID",
        },
    )
    read = api(olga).get("/events/", headers={"Origin": HOME})
    assert (whole(read)[0], read.headers["access-control-allow-origin"]) == (200, HOME)
    assert "origin" in read.headers["Vary"]


@pytest.mark.usefixtures("open_to_home")
def test_it_reads_refusals_too(client, settings):
    settings.THROTTLE_GENERAL = "1/day"
    paths = ("/no/such/path", "/events/", "/events/")
    answers = [client.get(path, headers={"Origin": HOME}, REMOTE_ADDR="192.0.2.77") for path in paths]
    assert [answer.status_code for answer in answers] == [404, 429, 429]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {HOME}


@pytest.mark.usefixtures("open_to_home")
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://www.example.org.evil.example", "http://www.example.org"]
)
def test_no_other_page_may(client, origin):
    assert "access-control-allow-origin" not in preflight(client, "/events/1", origin).headers
    assert "access-control-allow-origin" not in client.get("/events/", headers={"Origin": origin}).headers


@pytest.mark.usefixtures("open_to_home")
@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/login/", "/static/eventhub/favicon.svg", "/docs/", "/metrics", "/admin"]
)
def test_nobody_elsewhere_reads_a_page_for_people(client, path):
    assert allowed(client.get(path, headers={"Origin": HOME})) == {}
    assert allowed(preflight(client, path, HOME, "POST")) == {}


# Hosts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "localhost@evil.example", "localhost:80@evil.example"),
        *("localhost/evil", "evil.example:8000", " ", "localhost,evil.example", "[::1", "ü"),
    ],
)
def test_another_hosts_name_is_refused(client, host):
    assert whole(client.get("/", headers={"Host": host})) == (400, {"msg": "Invalid request", "code": "invalid"})


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-Original-Host", "Forwarded"])
def test_no_other_header_names_the_host(client, settings, name):
    settings.NUM_PROXIES = 1
    value = "host=evil.example" if name == "Forwarded" else "evil.example"
    answer = client.get("/", headers={"Host": "localhost", name: value})
    assert answer.json()["docs"] == "http://localhost/docs/"


# Bodies --------------------------------------------------------------------------------------------------------------


def upload(client, megabytes, **extra):
    head = b"--x\r\nContent-Disposition: form-data; name=file; filename=a.csv\r\n\r\n"
    body = head + b"x" * int(megabytes * 2**20)
    return client.generic("POST", "/admin/login/", body, "multipart/form-data; boundary=x", **extra)


def test_no_file_is_taken_in_that_is_larger_than_any_of_ours(client):
    assert upload(client, 5.5).status_code == 200
    answer = upload(client, 6)
    assert (answer.status_code, "The body is too large." in answer.content.decode()) == (413, True)


def test_a_body_in_chunks_that_was_cut_off_is_not_taken_for_a_whole_one(client):
    assert upload(client, 0.5, HTTP_TRANSFER_ENCODING="chunked").status_code == 200
    assert upload(client, 1, HTTP_TRANSFER_ENCODING="chunked").status_code == 413


@pytest.mark.parametrize(("number", "status"), [(1000, 200), (1001, 400)])
def test_a_form_has_so_many_fields_and_no_more(client, number, status):
    fields = "&".join(f"f{n}=" for n in range(number))
    answer = client.generic("POST", "/admin/login/", fields, "application/x-www-form-urlencoded")
    assert answer.status_code == status
