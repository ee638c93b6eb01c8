"""Texts of one line, such as names and titles: one rule for the API, forms, files and the admin."""

import re
from typing import Any

import idna
from django import forms
from django.core.exceptions import ValidationError
from django.db import models

# Unicode's Default_Ignorable_Code_Point, fillers and blanks included, without those that end an emoji or a flag.
_IGNORED = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
)
_SELECTORS = "\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef"
_INVISIBLE = re.compile(f"[{_IGNORED}{_SELECTORS}]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_BREAKS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
# For str.strip, which is linear where a pattern is not.
_AT_ENDS = "".join(re.findall(rf"[\s{_IGNORED}]", "".join(map(chr, range(0x10000)))))


def clean_line(text: str) -> str:
    """Strip what cannot be seen at the ends. Raise ValidationError for control characters."""
    return _clean(text, _CONTROL)


def clean_details(text: str) -> str:
    """Clean a short text that may have several lines."""
    return _clean(text, _CONTROL_BUT_BREAKS)


def strip_unseen(text: str) -> str:
    """Strip what cannot be seen at the ends; a text of nothing else is empty."""
    text = text.strip(_AT_ENDS)
    return text if without_invisible(text) else ""


def without_invisible(text: str) -> str:
    return _INVISIBLE.sub("", text)


def a_label(domain: str) -> str:
    """Return a domain as DNS knows it. Joiners inside are left to IDNA, where they can tell domains apart."""
    for text in (domain, without_invisible(domain)):
        try:
            return idna.encode(text, uts46=True).decode()
        except idna.IDNAError:
            pass
    try:
        return without_invisible(domain).encode("idna").decode().lower()  # such as emoji, by the rules of 2003
    except UnicodeError:
        return without_invisible(domain).strip().lower()


def search_words(text: str) -> list[str]:
    """Split a search; what cannot be seen at the ends of a word is no part of it."""
    return [word for part in text.split() if (word := part.strip(_AT_ENDS))]


def has_control(text: str) -> bool:
    return _CONTROL.search(text) is not None


def refuse_control(text: str) -> None:
    """Raise ValidationError for control characters and line breaks."""
    _refuse(text, _CONTROL)


def _clean(text: str, forbidden: re.Pattern[str]) -> str:
    text = text.strip(_AT_ENDS)
    _refuse(text, forbidden)
    return text if without_invisible(text) else ""


def _refuse(text: str, forbidden: re.Pattern[str]) -> None:
    if forbidden.search(text):
        kind = "Null" if "\0" in text else "Control"
        raise ValidationError(f"{kind} characters are not allowed.")


class LineFormField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value) or "")


class DetailsFormField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return clean_details(super().to_python(value) or "")


class LineField(models.CharField):  # type: ignore[type-arg]
    """A column for one line, which validation and forms clean. Migrations see a plain CharField."""

    form_field: type[forms.CharField] = LineFormField
    tidy = staticmethod(clean_line)

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(self.tidy(value) if isinstance(value, str) else value, model_instance)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": self.form_field, **kwargs})

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class DetailsField(LineField):
    """A column for a short text that may have several lines."""

    form_field = DetailsFormField
    tidy = staticmethod(clean_details)
