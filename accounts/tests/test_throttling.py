"""What stands between an attacker and a password, and what bounds everybody else."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection

from accounts.models import User
from eventhub.api.throttling import GeneralThrottle
from eventhub.http import client_ip
from eventhub.testing.factories import PASSWORD
from eventhub.testing.responses import BAD_CREDENTIALS, BAD_TOKEN, INACCESSIBLE, SIGN_IN_AGAIN, whole

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
WRONG = "a wrong passphrase"


@pytest.fixture(autouse=True)
def clock():
    """Noon, until a test moves on; and nobody has asked for anything yet."""
    with time_machine.travel(NOON, tick=False) as clock:
        caches["throttling"].clear()
        yield clock


@pytest.fixture
def credentials(settings):
    settings.THROTTLE_CREDENTIALS = "3/min"


@pytest.fixture
def log_in(api):
    def post(username="bob", *, address="192.0.2.1", password=WRONG, **extra):
        return api().post("/users/login", {"username": username, "password": password}, REMOTE_ADDR=address, **extra)

    return post


def throttled(seconds):
    unit = "second" if seconds == 1 else "seconds"
    msg = f"Request was throttled. Expected available in {seconds} {unit}."
    return 429, {"msg": msg, "code": "throttled"}, str(seconds)


def refused(answer):
    return answer.status_code, answer.json(), answer.headers["Retry-After"]


# Credentials ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("credentials")
def test_an_address_may_try_so_many_accounts_a_minute(bob, log_in):
    for n in range(3):
        assert whole(log_in(f"guess{n}")) == BAD_CREDENTIALS
    assert refused(log_in("guess3")) == throttled(60)


@pytest.mark.usefixtures("credentials")
def test_an_account_may_be_tried_so_often_a_minute_from_anywhere(bob, log_in):
    for n in range(3):
        assert whole(log_in(address=f"192.0.2.{n}")) == BAD_CREDENTIALS
    assert refused(log_in(address="192.0.2.3")) == throttled(60)


@pytest.mark.usefixtures("credentials")
def test_the_right_password_does_not_get_through_either(bob, log_in):
    for n in range(3):
        log_in(address=f"192.0.2.{n}")
    assert refused(log_in(address="192.0.2.3", password=PASSWORD)) == throttled(60)


@pytest.mark.usefixtures("credentials")
def test_others_are_not_held_up(bob, eve, log_in):
    for _ in range(4):
        log_in("bob", address="192.0.2.1")
    assert log_in("eve", address="192.0.2.2", password=PASSWORD).status_code == 200


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    "spellings",
    [
        ["bob", "BOB", "Bob"],
        ["bob", " bob", "bob\t"],
        ["bob", "bob@example.org", "BOB\u200b@example.org"],
        ["x@ü.example", "x@xn--tda.example", "X\u200b@Ü.example"],
        ["bob", "  BOB  ", "\u3000bOb\n"],
        [12345, "12345", " 12345"],
        ["bob smith", "BOB SMITH", " bob smith "],
        ["ü" * 200, "Ü" * 200, "ü" * 200],
    ],
    ids=[
        "case",
        "spaces",
        "name and address",
        "an unknown address",
        "both",
        "a number",
        "no name at all",
        "too long for a name",
    ],
)
def test_every_spelling_of_a_name_is_one_account(bob, log_in, spellings):
    for n, spelling in enumerate(spellings):
        assert whole(log_in(spelling, address=f"192.0.2.{n}")) == BAD_CREDENTIALS
    assert refused(log_in(spellings[0], address="192.0.2.9")) == throttled(60)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("name", ["bo\x00b", "", None, ["bob"], {"name": "bob"}])
def test_what_is_no_name_at_all_is_a_400_and_no_fault(log_in, name):
    answer = log_in(name)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.usefixtures("credentials")
def test_it_opens_again_after_what_retry_after_says(clock, bob, log_in):
    log_in()
    clock.shift(20)
    for _ in range(2):
        log_in()
    assert refused(log_in()) == throttled(40)
    clock.shift(39)
    assert refused(log_in()) == throttled(1)
    clock.shift(1)
    assert whole(log_in()) == BAD_CREDENTIALS


@pytest.mark.usefixtures("credentials")
def test_a_request_that_was_refused_does_not_count(clock, bob, log_in):
    for _ in range(8):
        log_in()
    clock.shift(60)
    assert [log_in().status_code for _ in range(4)] == [401, 401, 401, 429]


def test_it_says_when_to_come_back_also_after_the_rate_was_lowered(settings, bob, log_in):
    settings.THROTTLE_CREDENTIALS = "3/min"
    for _ in range(3):
        log_in()
    settings.THROTTLE_CREDENTIALS = "1/min"
    assert refused(log_in()) == throttled(60)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/users/register", {"username": "zoe", "email": "zoe@example.org"}),
        ("/users/login", {"username": "zoe"}),
        ("/users/token/refresh", {"refresh": "garbage"}),
    ],
)
def test_every_way_to_give_credentials_is_bounded_by_address(api, path, body):
    answers = [api().post(path, body, REMOTE_ADDR="192.0.2.1") for _ in range(4)]
    assert 429 not in {answer.status_code for answer in answers[:3]}
    assert refused(answers[3]) == throttled(60)


@pytest.mark.usefixtures("credentials")
def test_the_ways_to_give_credentials_are_counted_together(api, log_in):
    log_in("zoe")
    api().post("/users/register", {"username": "zoe"}, REMOTE_ADDR="192.0.2.2")
    log_in("zoe", address="192.0.2.3")
    assert refused(log_in("zoe", address="192.0.2.4")) == throttled(60)


@pytest.mark.usefixtures("credentials")
def test_refreshing_is_bounded_by_account(api, bob, eve):
    from accounts.services.jwt import issue_tokens

    def refresh(user, n):
        token = issue_tokens(user, auth_time=0)["refresh"]
        return api().post("/users/token/refresh", {"refresh": token}, REMOTE_ADDR=f"192.0.2.{n}")

    assert [refresh(bob, n).status_code for n in range(4)] == [200, 200, 200, 429]
    assert refresh(eve, 5).status_code == 200


@pytest.mark.usefixtures("credentials")
def test_a_name_that_looks_like_a_users_number_is_another_account(api, bob, log_in):
    """Else anyone could keep a user from refreshing."""
    from accounts.services.jwt import issue_tokens

    for n in range(3):
        log_in(str(bob.pk), address=f"192.0.2.{n}")
    token = issue_tokens(bob, auth_time=0)["refresh"]
    assert api().post("/users/token/refresh", {"refresh": token}, REMOTE_ADDR="192.0.2.9").status_code == 200


@pytest.mark.usefixtures("credentials")
def test_guessing_the_current_password_counts_like_guessing_at_the_login(api, bob):
    client = api(bob, signed_in_at=0)
    body = {"password": "another passphrase for tests", "current_password": WRONG}
    path = f"/users/{bob.pk}"
    assert [whole(client.patch(path, body)) for _ in range(3)] == [SIGN_IN_AGAIN] * 3
    assert refused(client.patch(path, {**body, "current_password": PASSWORD})) == throttled(60)
    assert client.patch(path, {"username": "robert"}).status_code == 200


@pytest.mark.usefixtures("credentials")
def test_a_body_that_does_not_parse_does_not_get_round_it(api):
    assert [api().generic("POST", "/users/login", "nonsense").status_code for _ in range(3)] == [400, 400, 400]
    assert refused(api().generic("POST", "/users/login", "nonsense")) == throttled(60)


@pytest.mark.usefixtures("credentials")
def test_the_counts_are_in_the_cache_that_all_workers_share(bob, log_in):
    for _ in range(4):
        log_in()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM eventhub_cache")
        assert cursor.fetchone() == (2,)  # the address, the account
    caches["default"].clear()
    assert whole(log_in()) == BAD_CREDENTIALS


def test_it_can_be_switched_off(settings, api):
    settings.THROTTLE_CREDENTIALS = None
    answers = [api().post("/users/token/refresh", {"refresh": "garbage"}) for _ in range(30)]
    assert [whole(answer) for answer in answers] == [BAD_TOKEN] * 30


@pytest.mark.usefixtures("credentials")
def test_who_is_signed_in_is_not_held_up_by_it(api, bob, log_in):
    for _ in range(4):
        log_in()
    assert {api(bob).get("/users/me", REMOTE_ADDR="192.0.2.1").status_code for _ in range(5)} == {200}


# Addresses behind proxies --------------------------------------------------------------------------------------------


@pytest.fixture
def proxies(settings):
    def count(number):
        settings.NUM_PROXIES = number

    return count


@pytest.mark.usefixtures("credentials")
def test_without_a_proxy_a_forwarded_address_is_not_believed(settings, log_in):
    assert settings.NUM_PROXIES == 0
    for n in range(3):
        log_in(f"guess{n}", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}")
    assert refused(log_in("guess3", HTTP_X_FORWARDED_FOR="203.0.113.3")) == throttled(60)


@pytest.mark.usefixtures("credentials")
def test_behind_a_proxy_the_address_that_it_saw_counts(proxies, log_in):
    proxies(1)
    for n in range(3):
        log_in(f"guess{n}", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}, 203.0.113.1")
    assert refused(log_in("guess3", HTTP_X_FORWARDED_FOR="198.51.100.3, 203.0.113.1")) == throttled(60)
    assert whole(log_in("guess4", HTTP_X_FORWARDED_FOR="203.0.113.1, 203.0.113.2")) == BAD_CREDENTIALS


@pytest.mark.usefixtures("credentials")
def test_behind_two_proxies_the_address_before_the_last_counts(proxies, log_in):
    proxies(2)
    for n in range(3):
        log_in(f"guess{n}", HTTP_X_FORWARDED_FOR=f"198.51.100.1, 203.0.113.1, 10.0.0.{n}")
    assert refused(log_in("guess3", HTTP_X_FORWARDED_FOR="x, 203.0.113.1, 10.0.0.3")) == throttled(60)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("forwarded", ["", ",", "not an address", "x" * 5000, "ü, ü", "a\x00b"])
def test_a_forwarded_address_may_be_anything(proxies, log_in, forwarded):
    proxies(1)
    assert whole(log_in(HTTP_X_FORWARDED_FOR=forwarded)) == BAD_CREDENTIALS


@pytest.mark.parametrize(
    ("text", "neighbourhood"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:50000", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:50000", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]:50000", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        *[(text, "unknown") for text in ("", "unknown", "192.0.2.256", "192.0.2.01", "_hidden", "x" * 5000, "a\x00b")],
    ],
)
def test_whom_an_address_stands_for(text, neighbourhood):
    assert client_ip.throttle_key({"REMOTE_ADDR": text}) == neighbourhood


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.1", "192.0.2.1"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.1, 203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.1,,203.0.113.1", "203.0.113.1"),  # two headers, as a server joins them
        (2, "198.51.100.1, 203.0.113.1, 10.0.0.1", "203.0.113.1"),
        (2, "203.0.113.1", "203.0.113.1"),
        (1, "", "192.0.2.1"),
        (1, ",", ""),
        (1, "203.0.113.1, ", ""),
    ],
)
def test_which_address_counts(settings, proxies, forwarded, address):
    settings.NUM_PROXIES = proxies
    assert client_ip.address({"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": forwarded}) == address


@pytest.mark.usefixtures("credentials")
def test_a_customer_with_a_whole_network_is_one_address(log_in):
    for n in range(3):
        assert whole(log_in(f"guess{n}", address=f"2001:db8::{n}")) == BAD_CREDENTIALS
    assert refused(log_in("guess3", address="2001:db8:0:0:ffff::3")) == throttled(60)
    assert whole(log_in("guess4", address="2001:db8:0:1::")) == BAD_CREDENTIALS


@pytest.mark.usefixtures("credentials")
def test_what_is_no_address_is_one_and_the_same(proxies, log_in):
    proxies(1)
    for n in range(3):
        assert whole(log_in(f"guess{n}", HTTP_X_FORWARDED_FOR=f"made up {n}")) == BAD_CREDENTIALS
    assert refused(log_in("guess3", HTTP_X_FORWARDED_FOR="made up 3")) == throttled(60)


# Everything else -----------------------------------------------------------------------------------------------------


@pytest.fixture
def general(settings):
    settings.THROTTLE_GENERAL = "3/min"


@pytest.mark.usefixtures("general")
def test_a_user_may_ask_so_often_a_minute_through_all_paths(clock, api, bob):
    client = api(bob)
    for path in ("/users/me", "/events/", "/attendees/"):
        assert client.get(path).status_code == 200
    assert refused(client.get("/users/me")) == throttled(60)
    clock.shift(45)
    assert refused(api(bob).post("/attendees/", {"event_id": 1})) == throttled(15)
    clock.shift(15)
    assert client.get("/users/me").status_code == 200


@pytest.mark.usefixtures("general")
def test_each_user_is_counted_alone(api, bob, eve):
    for _ in range(4):
        api(bob).get("/users/me")
    assert api(eve).get("/users/me").status_code == 200


@pytest.mark.usefixtures("general")
def test_refusals_count_as_well(api, bob, eve):
    answers = [whole(api(bob).get(f"/users/{eve.pk}")) for _ in range(3)]
    assert answers == [INACCESSIBLE] * 3
    assert refused(api(bob).get(f"/users/{eve.pk}")) == throttled(60)


@pytest.mark.usefixtures("general")
@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/readyz", "/readyz/"])
def test_health_is_not_throttled(api, bob, path):
    assert {api(who).get(path).status_code for who in (None, bob) for _ in range(5)} == {200}


EVERYTHING = [
    ("GET", "/", {}),
    ("GET", "/schema/", {}),
    ("GET", "/docs/", {}),
    ("GET", "/nope", {}),
    ("POST", "/users/nope", {}),
    ("GET", "/static/nope.css", {}),
    ("GET", "/users/me", {}),
    ("DELETE", "/users/me", {}),
    ("POST", "/users/login", {}),
    ("GET", "/users/login", {}),
    ("POST", "/users/register", {}),
    ("POST", "/users/token/refresh", {}),
    ("POST", "/users/login", {"HTTP_AUTHORIZATION": "Bearer garbage"}),
    ("GET", "/users/me", {"HTTP_AUTHORIZATION": "Bearer garbage"}),
    ("GET", "/users/me", {"HTTP_AUTHORIZATION": "Basic Ym9iOng="}),
    ("GET", "/nope", {"HTTP_AUTHORIZATION": "Bearer garbage"}),
    ("GET", "/docs/", {"HTTP_AUTHORIZATION": "Bearer garbage"}),
    ("GET", "/static/nope.css", {"HTTP_AUTHORIZATION": "Bearer garbage"}),
]
IN_OFFICE = [
    ("GET", "/admin/"),
    ("GET", "/admin/login/"),
    ("POST", "/admin/login/"),
    ("GET", "/admin/events/event/"),
    ("GET", "/admin/nope/"),
    ("POST", "/admin/code/"),
]


@pytest.mark.usefixtures("general")
@pytest.mark.parametrize(("verb", "path", "headers"), EVERYTHING)
def test_an_address_may_ask_so_often_a_minute_for_anything(api, verb, path, headers):
    answers = [api().send(verb, path, REMOTE_ADDR="192.0.2.1", **headers) for _ in range(4)]
    assert 429 not in {answer.status_code for answer in answers[:3]}
    assert refused(answers[3]) == throttled(60)
    assert api().send(verb, path, REMOTE_ADDR="192.0.2.2", **headers).status_code != 429


@pytest.mark.usefixtures("general")
@pytest.mark.parametrize(("verb", "path"), IN_OFFICE)
@pytest.mark.parametrize("cookies", [{}, {"sessionid": "garbage"}], ids=["no session", "a wrong session"])
def test_the_back_office_says_so_on_a_page(client, verb, path, cookies):
    client.cookies.load(cookies)
    answers = [client.generic(verb, path, REMOTE_ADDR="192.0.2.1") for _ in range(4)]
    assert 429 not in {answer.status_code for answer in answers[:3]}
    assert (answers[3].status_code, answers[3].headers["Retry-After"]) == (429, "60")
    assert "Expected available in 60 seconds." in answers[3].content.decode()


@pytest.mark.usefixtures("general")
def test_what_nobody_signed_is_counted_together(api, client):
    api().get("/nope", REMOTE_ADDR="192.0.2.1")
    client.get("/admin/", REMOTE_ADDR="192.0.2.1")
    api().get("/users/me", REMOTE_ADDR="192.0.2.1", HTTP_AUTHORIZATION="Bearer garbage")
    assert refused(api().get("/docs/", REMOTE_ADDR="192.0.2.1")) == throttled(60)


@pytest.mark.usefixtures("general")
def test_who_is_signed_in_is_not_held_up_by_others_at_the_address(api, office, bob, olga):
    for _ in range(4):
        api().get("/nope", REMOTE_ADDR="192.0.2.1")
    assert {api(bob).get("/users/me", REMOTE_ADDR="192.0.2.1").status_code for _ in range(3)} == {200}
    assert {office(olga).get("/admin/", REMOTE_ADDR="192.0.2.1").status_code for _ in range(3)} == {200}


@pytest.mark.usefixtures("general")
def test_a_user_is_counted_in_the_back_office_and_in_the_api_together(api, office, olga):
    client = office(olga)
    assert [client.get("/admin/profile/", REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(2)] == [200, 200]
    assert api(olga).get("/users/me").status_code == 200
    assert client.get("/admin/profile/").status_code == 429
    assert refused(api(olga).get("/users/me")) == throttled(60)


@pytest.mark.usefixtures("general")
def test_nothing_is_done_for_who_asks_too_often(api, bob):
    """Also where a header suggests that it may be somebody, and the view is for anybody."""
    for _ in range(3):
        api().get("/nope")
    body = {"username": "zoe", "email": "zoe@example.org", "password": PASSWORD}
    assert refused(api().post("/users/register", body)) == throttled(60)
    assert refused(api().post("/users/register", body, HTTP_AUTHORIZATION="Bearer garbage")) == throttled(60)
    assert not User.objects.filter(username="zoe").exists()


@pytest.mark.usefixtures("general")
def test_a_request_counts_once(api, bob):
    """Whether it is its address or its user that it counts for in the end."""
    headers = [{}, {"HTTP_AUTHORIZATION": "Bearer garbage"}, {}]
    for each in headers:
        assert api().post("/users/login", {}, REMOTE_ADDR="192.0.2.1", **each).status_code == 400
    for path, status in (("/users/me", 200), ("/users/nope", 404), ("/users/me", 200)):
        assert api(bob).get(path, REMOTE_ADDR="192.0.2.2").status_code == status
    assert api(bob).get("/users/me", REMOTE_ADDR="192.0.2.2").status_code == 200
    assert refused(api(bob).get("/users/me", REMOTE_ADDR="192.0.2.2")) == throttled(60)


def test_the_general_one_can_be_switched_off(settings, api, bob):
    settings.THROTTLE_GENERAL = None
    assert {api(bob).get("/users/me").status_code for _ in range(30)} == {200}


def test_the_general_one_costs_no_query(settings, api, bob, django_assert_num_queries):
    settings.THROTTLE_GENERAL = "600/min"
    client = api(bob)
    with django_assert_num_queries(1):  # who asks
        client.get("/users/me")


@pytest.mark.usefixtures("general")
def test_the_general_one_lets_through_where_its_cache_is_away(api, bob, monkeypatch):
    class Away:
        def get(self, *args):
            raise ConnectionError

    monkeypatch.setattr(GeneralThrottle, "cache", Away())
    assert {api(who).get("/").status_code for who in (None, bob) for _ in range(5)} == {200}


@pytest.mark.usefixtures("general")
def test_a_rate_that_is_lowered_still_says_when_to_come_back(settings, api, bob):
    for _ in range(3):
        api(bob).get("/users/me")
    settings.THROTTLE_GENERAL = "1/min"
    assert refused(api(bob).get("/users/me")) == throttled(60)
