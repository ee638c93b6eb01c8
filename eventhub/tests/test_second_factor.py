"""The second factor of the back office: setting it up, signing in with it, losing it."""

import html
import re
import time
from base64 import b32decode
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.services import second_factor
from eventhub.exceptions import CodesPaused, Forbidden, SecondFactorExists, WrongCode

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

PASSWORD = "a passphrase for tests"
LOGIN, CODE, PAGE = "/admin/login/", "/admin/code/", "/admin/second-factor/"
KEY = "00112233445566778899aabbccddeeff00112233"
WRONG = "This code is wrong or has already been used."


def code(key=KEY, steps=0):
    """What a phone shows, now or so many half minutes later."""
    totp = TOTP(bytes.fromhex(key))
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06}"


def set_up(user):
    """A second factor from a minute ago; its recovery codes."""
    with time_machine.travel(timezone.now() - timedelta(minutes=2)):
        return second_factor.enable(account=user, key=KEY, code=code()).recovery_codes


def with_password(user, onward="/admin/"):
    client = Client()
    client.post(f"{LOGIN}?next={onward}", {"username": user.username, "password": PASSWORD})
    return client


def errors(answer):
    """What stands beside the field."""
    _, *lists = answer.content.decode().split('class="mt-2 text-red-600')
    return [html.unescape(text).strip() for part in lists for text in re.findall(r"<li>\s*([^<]*)</li>", part)]


def where(answer):
    return answer.status_code, answer.headers.get("Location")


# Setting up ----------------------------------------------------------------------------------------------------------


def shown(page):
    """The secret in words, as hex, and the field that carries it."""
    body = page.content.decode()
    secret = re.search(r"office-secret[^>]*>([A-Z2-7 ]+)<", body)[1].replace(" ", "")
    return b32decode(secret).hex(), html.unescape(re.search(r'name="key" value="([^"]+)"', body)[1])


def recovery_codes(page):
    return re.findall(r"<li>([a-z2-7]{8})</li>", page.content.decode())


def test_it_counts_once_a_code_of_the_phone_was_seen(office, olga):
    client = office(olga)
    page = client.get(PAGE)
    key, field = shown(page)
    assert 'src="data:image/svg+xml' in page.content.decode()
    refused = client.post(PAGE, {"key": field, "code": "000000" if code(key) != "000000" else "111111"})
    assert (errors(refused), shown(refused)[0]) == ([WRONG], key)
    assert not second_factor.is_set_up(olga)
    done = client.post(PAGE, {"key": field, "code": code(key)})
    assert "They are shown only" in done.content.decode()
    assert len(set(recovery_codes(done))) == 10
    assert second_factor.is_set_up(olga)
    assert client.get("/admin/").status_code == 200  # this session has just shown it


def test_neither_the_secret_nor_the_codes_are_ever_shown_again(office, olga):
    client = office(olga)
    key, field = shown(client.get(PAGE))
    codes = recovery_codes(client.post(PAGE, {"key": field, "code": code(key)}))
    again = client.get(PAGE).content.decode()
    assert "10 recovery codes left" in again
    assert [secret for secret in (key, "office-secret", "otpauth", *codes) if secret in again] == []
    # Nor does the form of before set up another one.
    assert recovery_codes(client.post(PAGE, {"key": field, "code": code(key, 1)})) == []
    assert StaticToken.objects.count() == 10


def test_a_secret_is_for_the_one_whom_it_was_shown_to(office, olga, otto):
    key, field = shown(office(olga).get(PAGE))
    answer = office(otto).post(PAGE, {"key": field, "code": code(key)})
    assert shown(answer)[0] != key
    assert not second_factor.is_set_up(otto)


def test_a_code_is_plain_digits(olga):
    plain = code()
    for given in (plain.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")), f"{plain[0]}_{plain[1:]}"):
        with pytest.raises(WrongCode):
            second_factor.enable(account=olga, key=KEY, code=given)
    second_factor.enable(account=olga, key=KEY, code=plain)
    with time_machine.travel(timezone.now() + timedelta(minutes=2)), pytest.raises(WrongCode):
        second_factor.verify(account=olga, code=code().translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")))


def test_there_is_one_for_each_account(olga):
    set_up(olga)
    with pytest.raises(SecondFactorExists):
        second_factor.enable(account=olga, key=KEY, code=code())


def test_other_sessions_are_asked_for_it_from_then_on(office, olga):
    before, here = office(olga), office(olga)
    key, field = shown(here.get(PAGE))
    here.post(PAGE, {"key": field, "code": code(key)})
    assert where(before.get("/admin/profile/")) == (302, "/admin/code/?next=/admin/profile/")


# Signing in ----------------------------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(olga):
    set_up(olga)
    client = with_password(olga)
    for path in (
        "/admin/",
        "/admin/events/event/",
        "/admin/profile/",
        "/admin/password_change/",
        PAGE,
        "/admin/jsi18n/",
    ):
        for verb in (client.get, client.post):
            assert where(verb(path))[1].startswith(CODE), path
    assert where(client.post("/admin/logout/"))[0] == 200


def test_a_code_of_the_phone_opens_the_page_that_was_asked_for(olga):
    set_up(olga)
    client = with_password(olga, "/admin/profile/")
    asked = client.get("/admin/profile/")
    assert where(asked) == (302, "/admin/code/?next=/admin/profile/")
    assert 'autocomplete="one-time-code"' in client.get(asked.headers["Location"]).content.decode()
    session = client.session.session_key
    assert where(client.post(asked.headers["Location"], {"code": code()})) == (302, "/admin/profile/")
    assert client.get("/admin/profile/").status_code == 200
    assert client.session.session_key != session
    assert where(client.get(CODE)) == (302, "/admin/")


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_a_code_never_leads_elsewhere(olga, address):
    set_up(olga)
    client = with_password(olga)
    assert where(client.post(f"{CODE}?next={address}", {"code": code(), "next": address})) == (302, "/admin/")


def test_a_code_works_once_here_and_anywhere(olga):
    set_up(olga)
    one, two = with_password(olga), with_password(olga)
    assert where(one.post(CODE, {"code": code()}))[0] == 302
    assert errors(two.post(CODE, {"code": code()})) == [WRONG]
    assert where(two.get("/admin/"))[0] == 302


def test_a_recovery_code_works_once_however_it_is_typed(olga):
    codes = set_up(olga)
    typed = f" {codes[0][:4].upper()}-{codes[0][4:]} "
    assert where(with_password(olga).post(CODE, {"code": typed}))[0] == 302
    assert errors(with_password(olga).post(CODE, {"code": codes[0]})) == [WRONG]
    assert second_factor.recovery_codes_left(olga) == 9


@pytest.mark.parametrize("given", ["000000", "12345", "1234567", "abcdefgh", "٣٣٣٣٣٣", "-00001", "x" * 32, "²²²²²²"])
def test_any_other_code_is_wrong(olga, given):
    set_up(olga)
    client = with_password(olga)
    answer = client.post(CODE, {"code": given})
    assert (answer.status_code, errors(answer)) == (200, [WRONG])
    assert where(client.get("/admin/"))[0] == 302


@pytest.mark.parametrize("given", ["", "x" * 33, "a\x00b"])
def test_what_cannot_be_a_code_is_a_message(olga, given):
    set_up(olga)
    assert with_password(olga).post(CODE, {"code": given}).status_code == 200


def test_anothers_code_is_wrong(olga, otto):
    codes = set_up(olga)
    with time_machine.travel(timezone.now() - timedelta(minutes=2)):
        second_factor.enable(account=otto, key=KEY[::-1], code=code(KEY[::-1]))
    for given in (codes[0], code()):
        with pytest.raises((WrongCode, CodesPaused)):
            second_factor.verify(account=otto, code=given)
    assert second_factor.recovery_codes_left(olga) == 10


def test_after_a_wrong_code_the_right_one_waits(olga):
    set_up(olga)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(2):
            with pytest.raises(WrongCode):
                second_factor.verify(account=olga, code="000000" if code() != "000000" else "111111")
            clock.shift(1.5)
        with pytest.raises(CodesPaused) as paused:
            second_factor.verify(account=olga, code=code())
        assert (str(paused.value), paused.value.wait) == ("Too many wrong codes. Try again in 1 seconds", 1)
        clock.shift(1)
        assert second_factor.verify(account=olga, code=code()).user_id == olga.pk


def test_guessing_codes_is_throttled_with_the_accounts_other_credentials(olga, settings):
    set_up(olga)
    client = with_password(olga)
    cache.clear()
    settings.THROTTLE_CREDENTIALS = "2/min"
    found = [errors(client.post(CODE, {"code": "zzzzzzzz"}))[0] for _ in range(3)]
    assert [text.startswith("Too many attempts. Try again in ") for text in found] == [False, False, True]


def test_the_device_in_a_session_is_the_accounts_own(office, olga, otto):
    set_up(olga)
    second = second_factor.build_device(otto, KEY)
    second.save()
    client = office(olga)
    session = client.session
    session["otp_device_id"] = second.persistent_id
    session.save()
    assert where(client.get("/admin/"))[1].startswith(CODE)


def test_a_form_that_was_open_when_the_code_became_necessary_is_not_lost(office, olga):
    client = office(olga)
    client.get("/admin/profile/")
    set_up(olga)
    answer = client.post("/admin/profile/", {"name": "Olga's"})
    assert where(answer) == (302, "/admin/code/?next=/admin/send-again/")
    assert where(client.post(answer.headers["Location"], {"code": code()})) == (302, "/admin/send-again/")
    assert "Olga&#x27;s" in client.get("/admin/send-again/").content.decode()


# Living with it ------------------------------------------------------------------------------------------------------


def inside(user):
    client = with_password(user)
    client.post(CODE, {"code": code()})
    assert client.get("/admin/").status_code == 200
    return client


def test_new_recovery_codes_replace_the_old_for_a_code(olga):
    old = set_up(olga)
    client = inside(olga)
    assert errors(client.post(PAGE, {"renew": "1", "code": code()})) == [WRONG]
    assert second_factor.recovery_codes_left(olga) == 10
    new = recovery_codes(client.post(PAGE, {"renew": "1", "code": old[0]}))
    assert (len(new), set(new) & set(old)) == (10, set())
    with pytest.raises(WrongCode):
        second_factor.verify(account=olga, code=old[1])


def test_it_is_turned_off_for_a_code(olga):
    codes = set_up(olga)
    client = inside(olga)
    assert errors(client.post(PAGE, {"turn_off": "1", "code": "wrong"})) == [WRONG]
    assert second_factor.is_set_up(olga)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert where(client.post(PAGE, {"turn_off": "1", "code": codes[0]})) == (302, PAGE)
    assert not second_factor.is_set_up(olga)
    assert with_password(olga).get("/admin/").status_code == 200


def test_the_api_is_as_it_was(api, olga):
    set_up(olga)
    assert api().post("/users/login", {"username": "olga", "password": PASSWORD}).status_code == 200


# Where it is compulsory ----------------------------------------------------------------------------------------------


@pytest.fixture
def compulsory(settings):
    settings.ADMIN_REQUIRE_2FA = True


@pytest.mark.usefixtures("compulsory")
def test_who_has_none_sets_it_up_before_anything_opens(olga):
    client = with_password(olga, "/admin/profile/")
    for path in ("/admin/", "/admin/events/event/", "/admin/jsi18n/"):
        assert where(client.get(path)) == (302, f"{PAGE}?next={path}")
    address = client.get("/admin/profile/").headers["Location"]
    page = client.get(address)
    assert 'id="nav-sidebar"' not in page.content.decode()
    key, field = shown(page)
    done = client.post(address, {"key": field, "code": code(key)})
    assert 'href="/admin/profile/"' in done.content.decode()
    assert client.get("/admin/profile/").status_code == 200


@pytest.mark.usefixtures("compulsory")
def test_who_turns_it_off_sets_it_up_anew(olga):
    codes = set_up(olga)
    client = inside(olga)
    assert where(client.post(PAGE, {"turn_off": "1", "code": codes[0]})) == (302, PAGE)
    assert where(client.get("/admin/")) == (302, f"{PAGE}?next=/admin/")
    assert client.get(PAGE).status_code == 200


@pytest.mark.usefixtures("compulsory")
def test_who_has_no_role_is_asked_for_none(office, bob):
    assert office(bob).get("/admin/").status_code == 403
    assert office(bob).get(PAGE).status_code == 403


@pytest.mark.usefixtures("compulsory")
def test_after_setting_up_no_address_leads_elsewhere(olga):
    client = with_password(olga)
    key, field = shown(client.get(PAGE))
    done = client.post(f"{PAGE}?next=https://evil.example/", {"key": field, "code": code(key)})
    assert "evil.example" not in done.content.decode()


# A lost phone --------------------------------------------------------------------------------------------------------


def test_an_admin_resets_the_second_factor_of_who_lost_the_phone(office, ada, olga):
    set_up(olga)
    phone = inside(olga)
    address = f"/admin/accounts/user/{olga.pk}/reset-second-factor/"
    admin = office(ada)
    assert admin.get(address).status_code == 200
    assert second_factor.is_set_up(olga)
    assert admin.post(address).status_code == 200  # without showing that it is still ada
    assert second_factor.is_set_up(olga)
    assert where(admin.post(address, {"current_password": PASSWORD})) == (
        302,
        f"/admin/accounts/user/{olga.pk}/change/",
    )
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert where(phone.get("/admin/"))[1].startswith(LOGIN)
    assert with_password(olga).get("/admin/").status_code == 200


def test_an_organizer_resets_nobodys(office, olga, otto):
    set_up(otto)
    for verb in ("get", "post"):
        assert getattr(office(olga), verb)(f"/admin/accounts/user/{otto.pk}/reset-second-factor/").status_code == 404
    for who in (olga, otto):
        with pytest.raises(Forbidden):
            second_factor.reset(account=otto, by=who)
    assert second_factor.is_set_up(otto)
