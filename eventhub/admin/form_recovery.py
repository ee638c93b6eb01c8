"""Recover a form that was sent after the session had ended.

The login form carries the signed form data. After signing in the data is in the session, and a page offers to send it
again. Passwords, codes and files are never kept.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from django.core import signing
from django.http import HttpRequest

SECONDS = 60 * 60
MAX_CHARACTERS = 200_000  # signed and compressed
SALT = "eventhub.admin.form_recovery"
NAME = "typed"  # of the login form's field and of the session's entry
SECRET = re.compile(r"password|^code$|^key$|^token$")
NOT_TYPED = {"csrfmiddlewaretoken", NAME}
INTERNAL = re.compile(r"^_|^initial-|^(action|post|opened|index|select_across)$")  # not shown, but sent again
PART = re.compile(r"_[012]$")  # the date, the time and the offset of a time (eventhub/admin/time_field.py)


class UnsentForm(NamedTuple):
    """Form data for `path`. `user_id` is the account that typed it, None if unknown."""

    path: str
    fields: dict[str, list[str]]
    files: list[str]
    user_id: str | None

    @property
    def values(self) -> list[tuple[str, str]]:
        return [(name, value) for name, values in self.fields.items() for value in values]

    def shown(self, labels: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return the fields that a person recognizes. The parts of a time are one field."""
        texts: dict[str, list[str]] = {}
        for name, value in self.values:
            if value and not INTERNAL.search(name):
                field = PART.sub("", name)
                label = labels.get(field) or field.replace("_", " ").replace("-", " ").capitalize()
                texts.setdefault(label, []).append("Yes" if value == "on" else value)
        return [(label, " ".join(values)) for label, values in texts.items()]


def from_request(request: HttpRequest, user_id: str | None) -> UnsentForm | None:
    names = [name for name in request.POST if name not in NOT_TYPED]
    fields = {name: request.POST.getlist(name) for name in names if not SECRET.search(name)}
    if (names and not fields) or not (request.POST or request.FILES):
        return None
    files = [file.name or name for name, file in request.FILES.items() if not isinstance(file, list)]
    return UnsentForm(request.get_full_path(), fields, files, user_id)


def sign(form: UnsentForm) -> str | None:
    text = signing.dumps(form, salt=SALT, compress=True)
    return text if len(text) <= MAX_CHARACTERS else None


def read(text: object) -> UnsentForm | None:
    try:
        return UnsentForm(*signing.loads(str(text), salt=SALT, max_age=SECONDS))
    except signing.BadSignature:
        return None


def store(request: HttpRequest, text: str) -> bool:
    """Put signed form data into the session if it belongs to the user; return whether it does."""
    form = read(text)
    if form is None or form.user_id not in {None, str(request.user.pk)}:
        return False
    request.session[NAME] = text
    return True


def stored(request: HttpRequest) -> UnsentForm | None:
    return read(request.session.get(NAME))


def clear_if_resent(request: HttpRequest) -> None:
    if request.method == "POST" and NAME in request.session:
        form = stored(request)
        if form is None or form.path == request.get_full_path():
            clear(request)


def clear(request: HttpRequest) -> None:
    request.session.pop(NAME, None)
