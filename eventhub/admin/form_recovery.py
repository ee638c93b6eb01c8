"""What somebody typed into a form whose sending found no sign-in: it travels with the sign-in and is shown after it.

It is packed, signed by us and carried by the login form. Passwords, codes and files are never kept. After signing in it
stands in the session, and a page offers to send it again to where it was going.
"""

import re
from typing import NamedTuple

from django.core import signing
from django.http import HttpRequest

SECONDS = 60 * 60
MOST_CHARACTERS = 200_000  # of what is signed, which is compressed
SALT = "eventhub.admin.form_recovery"
KEPT = "typed"  # the name of the login form's field, and of the session's
SECRET = re.compile(r"password|^code$|^key$|^token$")
NOT_TYPED = {"csrfmiddlewaretoken", KEPT}


class Typed(NamedTuple):
    """A form on its way to `path`. `typist` is the id of the account that typed it, None where nobody knows it."""

    path: str
    fields: dict[str, list[str]]
    files: list[str]
    typist: str | None

    @property
    def values(self) -> list[tuple[str, str]]:
        """Every field to send."""
        return [(name, value) for name, values in self.fields.items() for value in values]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What a person recognizes: not the form's own bookkeeping, in words rather than names."""
        words = [(name.replace("_", " ").replace("-", " ").strip(), value) for name, value in self.values if _own(name)]
        return [(name.capitalize(), value) for name, value in words if value]


def of(request: HttpRequest, typist: str | None) -> Typed | None:
    """What this POST carries; None where that is nothing that may be kept."""
    names = [name for name in request.POST if name not in NOT_TYPED]
    fields = {name: request.POST.getlist(name) for name in names if not SECRET.search(name)}
    if (names and not fields) or not (request.POST or request.FILES):
        return None
    files = [file.name or name for name, file in request.FILES.items() if not isinstance(file, list)]
    return Typed(request.get_full_path(), fields, files, typist)


def sign(typed: Typed) -> str | None:
    """As text that only we can make, good for an hour; None for what is too long to carry."""
    text = signing.dumps(typed, salt=SALT, compress=True)
    return text if len(text) <= MOST_CHARACTERS else None


def read(text: object) -> Typed | None:
    """What `sign` was given, unless that is an hour ago; None for any other text."""
    try:
        return Typed(*signing.loads(str(text), salt=SALT, max_age=SECONDS))
    except signing.BadSignature:
        return None


def keep(request: HttpRequest, text: str) -> bool:
    """Puts what `sign` made into the session of whoever is signed in, if it is theirs, and says whether it was."""
    typed = read(text)
    if typed is None or typed.typist not in {None, str(request.user.pk)}:
        return False
    request.session[KEPT] = text
    return True


def kept(request: HttpRequest) -> Typed | None:
    return read(request.session.get(KEPT))


def on_its_way(request: HttpRequest) -> None:
    """Forgets what was kept once it is sent again to where it was going."""
    if request.method == "POST" and KEPT in request.session:
        waiting = kept(request)
        if waiting is None or waiting.path == request.get_full_path():
            forget(request)


def forget(request: HttpRequest) -> None:
    request.session.pop(KEPT, None)


def _own(name: str) -> bool:
    return not name.startswith("_") and not name.startswith("initial-") and name not in {"action", "post"}
