"""The back office: Django's admin as organizers and admins see it."""

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite

from eventhub import acting


class Office(UnfoldAdminSite):
    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """As Django's; what the page changes is written down as changed here, by who is signed in."""

        @functools.wraps(view)
        def here(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            with acting.through(acting.Channel.ADMIN, request.user.pk):
                return view(request, *args, **kwargs)

        return super().admin_view(here, cacheable)  # type: ignore[no-any-return]
