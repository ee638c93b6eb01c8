from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.admin.forms import SetPasswordForAccountForm
from accounts.forms.account import ConfirmForm
from accounts.models import User
from accounts.services import accounts, second_factor
from eventhub.admin.login import page
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems
from registrations.services import account_deletion


class AccountAction(NamedTuple):
    name: str
    do: Callable[[], object]
    done: str
    onward: str


class AccountActionViews(ScopedModelAdmin):
    def password_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = self._account(request, pk)
        if account.pk == request.user.pk:
            return redirect("admin:password_change")
        form = SetPasswordForAccountForm(account, _post_data(request), request=request)
        done = "has a new password and is signed out everywhere"
        return self._confirm(request, account, form, _action_on(account, "Set password", lambda: form.save(), done))

    def end_sign_ins_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = self._account(request, pk)

        def end() -> None:
            changed = accounts.end_sign_ins(account=account, by=cast(User, request.user))
            if account.pk == request.user.pk:
                update_session_auth_hash(request, changed)

        action = _action_on(account, "Sign out everywhere", end, "is signed out everywhere")
        return self._confirm(request, account, ConfirmForm(_post_data(request), request=request), action)

    def reset_second_factor_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = self._account(request, pk)
        reset = partial(second_factor.reset, account=account, by=cast(User, request.user))
        action = _action_on(account, "Reset second factor", reset, "can sign in without a second factor")
        return self._confirm(request, account, ConfirmForm(_post_data(request), request=request), action)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Replace Django's view, which lists every related row and bypasses the rules."""
        account = self._account(request, object_id)
        onward = reverse("admin:index" if account.pk == request.user.pk else "admin:accounts_user_changelist")
        action = AccountAction(
            "Delete account", lambda: account_deletion.delete_account(account_id=account.pk), "was deleted", onward
        )
        return self._confirm(request, account, ConfirmForm(_post_data(request), request=request), action)

    def _account(self, request: HttpRequest, pk: int | str) -> User:
        account = self.get_object(request, str(pk))
        if account is None or not self.has_change_permission(request, account):
            raise Http404
        return cast(User, account)

    def _confirm(self, request: HttpRequest, account: User, form: Any, action: AccountAction) -> HttpResponse:
        if form.is_valid():
            try:
                action.do()
            except REFUSALS as refusal:
                form.add_error(None, [text for texts in problems(refusal).values() for text in texts])
            else:
                messages.success(request, f"{account} {action.done}.")
                self._log_action(request, account, action.name)
                return redirect(action.onward)
        context = {"title": action.name, "original": account, "account": account, "form": form}
        return page(request, "accounts/admin/confirm_action.html", action=action.name, opts=self.opts, **context)

    def _log_action(self, request: HttpRequest, account: User, action: str) -> None:
        """Log the action, unless users delete their own account and its log."""
        if User.objects.filter(pk=account.pk).exists():
            self.log_change(request, account, f"{action}.")
        elif account.pk != request.user.pk:
            self.log_deletions(request, [account])


def _action_on(account: User, name: str, do: Callable[[], object], done: str) -> AccountAction:
    return AccountAction(name, do, done, reverse("admin:accounts_user_change", args=[account.pk]))


def _post_data(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None
