"""Pages about whoever is signed in: the public profile, the second factor, where they are signed in."""

import base64
from typing import Any, cast

import segno
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME, update_session_auth_hash
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_protect

from accounts.forms.account import CodeForm, ConfirmForm, ProfileForm, SetUpForm
from accounts.models import User
from accounts.services import accounts
from accounts.services import second_factor as rule
from eventhub.admin.access import Standing, standing
from eventhub.admin.login import page, shown, turn_away, typist_of

SETUP_SECONDS = 30 * 60
SALT = "eventhub.second_factor"


def profile(request: HttpRequest) -> HttpResponse:
    """What the organizer shows of themselves."""
    user = cast(User, request.user)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=user.public_profile)
    if form.is_valid():
        accounts.update_profile(organizer=user, by=user, changes=form.cleaned_data)  # type: ignore[arg-type]
        messages.success(request, "Your profile was saved.")
        return redirect("admin:profile")
    return page(request, "eventhub/admin/profile.html", title="My profile", form=form)


def end_sign_ins(request: HttpRequest) -> HttpResponse:
    """Signs oneself out everywhere but here."""
    user = cast(User, request.user)
    form = ConfirmForm(request.POST if request.method == "POST" else None, request=request)
    if form.is_valid():
        update_session_auth_hash(request, accounts.end_sign_ins(account=user, by=user))
        messages.success(request, "You are signed in here, and nowhere else any more.")
        return redirect("admin:profile")
    return page(request, "eventhub/admin/end_sign_ins.html", title="Sign out everywhere else", form=form)


@csrf_protect
def second_factor(request: HttpRequest) -> HttpResponse:
    """Sets the second factor up, renews the recovery codes, turns it off. Open to whoever must set it up first."""
    if standing(request) is not Standing.NEEDS_SECOND_FACTOR and (away := turn_away(request, typist_of(request))):
        return away
    user = cast(User, request.user)
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    return _existing(request, user) if rule.is_set_up(user) else _setting_up(request, user)


def _setting_up(request: HttpRequest, user: User) -> HttpResponse:
    key = _key(request, user)
    form = SetUpForm(request.POST if "key" in request.POST else None, request=request, key=key)
    if form.is_valid():
        shown(request, form.device)
        return _codes(request, form.made.recovery_codes, "Your second factor is set up.")
    device = rule.build_device(user, key)
    return _page(
        request,
        "eventhub/admin/second_factor_set_up.html",
        form=form,
        key=signing.dumps([user.pk, key], salt=SALT),
        secret=_in_fours(device.bin_key),
        qr=segno.make(device.config_url, error="m").svg_data_uri(border=2, light="#fff", scale=4),
        compulsory=standing(request) is Standing.NEEDS_SECOND_FACTOR,
    )


def _existing(request: HttpRequest, user: User) -> HttpResponse:
    """With a POST of a code: new recovery codes, or the end of it."""
    asked = "renew" in request.POST or "turn_off" in request.POST
    form = (_TurnOff if "turn_off" in request.POST else _Renew)(request.POST if asked else None, request=request)
    if not form.is_valid():
        context = {"form": form, "left": rule.recovery_codes_left(user)}
        return _page(request, "eventhub/admin/second_factor.html", **context)
    if isinstance(form, _Renew):
        return _codes(request, form.codes, "The old recovery codes work no more.")
    messages.success(request, "Your second factor is turned off.")
    return redirect("admin:second_factor")


class _Renew(CodeForm):
    def use(self, code: str) -> None:
        self.codes = rule.renew_recovery_codes(account=cast(User, self.request.user), code=code)


class _TurnOff(CodeForm):
    def use(self, code: str) -> None:
        rule.disable(account=cast(User, self.request.user), code=code)


def _codes(request: HttpRequest, codes: list[str], done: str) -> HttpResponse:
    """The one page that ever shows them, as the answer to the POST that made them."""
    return _page(request, "eventhub/admin/recovery_codes.html", codes=codes, done=done, onward=_onward(request))


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """With the menu for who is inside, and without it for who is not yet."""
    layout = "admin/base_site.html" if admin.site.has_permission(request) else "unfold/layouts/unauthenticated.html"
    return page(request, template, title="Second factor", layout=layout, **context)


def _key(request: HttpRequest, user: User) -> str:
    """The secret that was shown with the form, if it was this person's and is not too old; a new one otherwise."""
    try:
        pk, key = signing.loads(request.POST.get("key", ""), salt=SALT, max_age=SETUP_SECONDS)
    except signing.BadSignature:
        return rule.generate_key()
    return str(key) if pk == user.pk else rule.generate_key()


def _in_fours(secret: bytes) -> str:
    text = base64.b32encode(secret).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _onward(request: HttpRequest) -> str:
    given = request.GET.get(REDIRECT_FIELD_NAME, "")
    ours = url_has_allowed_host_and_scheme(given, {request.get_host()}, require_https=request.is_secure())
    return given if ours else reverse("admin:index")
