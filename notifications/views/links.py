"""What the pages of secret links share."""

from django.http import HttpRequest, HttpResponse

from eventhub.admin.login import page


def link_not_valid(request: HttpRequest, *, ends: str) -> HttpResponse:
    """Return the 404 for every token that is not valid, whatever the reason. `ends`: when such links end."""
    title = "This link is no longer valid"
    return without_referrer(page(request, "notifications/link_not_valid.html", status=404, title=title, ends=ends))


def without_referrer(response: HttpResponse) -> HttpResponse:
    """Pass on the bare origin, which the CSRF check needs, and never the token in the URL."""
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
