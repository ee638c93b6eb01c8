"""Pages about one's own account: public profile, second factor, sessions."""

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
from accounts.services import second_factor as service
from eventhub.admin.access import Access, access_of
from eventhub.admin.login import deny, mark_verified, page, session_user_id

SETUP_SECONDS = 30 * 60
SALT = "eventhub.second_factor"


def profile(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=user.public_profile)
    if form.is_valid():
        accounts.update_profile(organizer=user, by=user, changes=form.cleaned_data)  # type: ignore[arg-type]
        messages.success(request, "Your profile was saved.")
        return redirect("admin:profile")
    return page(request, "eventhub/admin/profile.html", title="My profile", form=form)


def end_sign_ins(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = ConfirmForm(request.POST if request.method == "POST" else None, request=request)
    if form.is_valid():
        update_session_auth_hash(request, accounts.end_sign_ins(account=user, by=user))
        messages.success(request, "You are signed out everywhere else.")
        return redirect("admin:profile")
    return page(request, "eventhub/admin/end_sign_ins.html", title="Sign out everywhere else", form=form)


@csrf_protect
def second_factor(request: HttpRequest) -> HttpResponse:
    """Set up the second factor, renew recovery codes, or turn it off. Open to users who must set it up first."""
    user_id = session_user_id(request)
    if access_of(request) is not Access.NEEDS_SECOND_FACTOR and (response := deny(request, user_id)):
        return response
    user = cast(User, request.user)
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    return _change(request, user) if service.is_set_up(user) else _set_up(request, user)


def _set_up(request: HttpRequest, user: User) -> HttpResponse:
    key = _key(request, user)
    form = SetUpForm(request.POST if "key" in request.POST else None, request=request, key=key)
    if form.is_valid():
        mark_verified(request, form.device)
        return _show_codes(request, form.made.recovery_codes, "Your second factor is set up.")
    device = service.build_device(user, key)
    secret = base64.b32encode(device.bin_key).decode()
    return _page(
        request,
        "eventhub/admin/second_factor_set_up.html",
        form=form,
        key=signing.dumps([user.pk, key], salt=SALT),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        qr=segno.make(device.config_url, error="m").svg_data_uri(border=2, light="#fff", scale=4),
        compulsory=access_of(request) is Access.NEEDS_SECOND_FACTOR,
    )


def _change(request: HttpRequest, user: User) -> HttpResponse:
    sent = "renew" in request.POST or "turn_off" in request.POST
    form = (_TurnOffForm if "turn_off" in request.POST else _RenewForm)(request.POST if sent else None, request=request)
    if not form.is_valid():
        context = {"form": form, "left": service.recovery_codes_left(user)}
        return _page(request, "eventhub/admin/second_factor.html", **context)
    if isinstance(form, _RenewForm):
        return _show_codes(request, form.codes, "Your old recovery codes no longer work.")
    messages.success(request, "Your second factor is turned off.")
    return redirect("admin:second_factor")


class _RenewForm(CodeForm):
    def use(self, code: str) -> None:
        self.codes = service.renew_recovery_codes(account=cast(User, self.request.user), code=code)


class _TurnOffForm(CodeForm):
    def use(self, code: str) -> None:
        service.disable(account=cast(User, self.request.user), code=code)


def _show_codes(request: HttpRequest, codes: list[str], done: str) -> HttpResponse:
    return _page(request, "eventhub/admin/recovery_codes.html", codes=codes, done=done, onward=_onward(request))


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    layout = "admin/base_site.html" if admin.site.has_permission(request) else "unfold/layouts/unauthenticated.html"
    return page(request, template, title="Second factor", layout=layout, **context)


def _key(request: HttpRequest, user: User) -> str:
    """Return the secret sent with the form if it is this user's and recent, else a new one."""
    try:
        pk, key = signing.loads(request.POST.get("key", ""), salt=SALT, max_age=SETUP_SECONDS)
    except signing.BadSignature:
        return service.generate_key()
    return str(key) if pk == user.pk else service.generate_key()


def _onward(request: HttpRequest) -> str:
    url = request.GET.get(REDIRECT_FIELD_NAME, "")
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if is_ours else reverse("admin:index")
