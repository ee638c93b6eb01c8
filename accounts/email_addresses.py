"""The canonical form of email addresses, which identifies an account."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, validate_email
from django.db import models

from eventhub.text_fields import a_label, has_control, refuse_control, without_invisible

MAX_LENGTH = 1000


def normalize_email(email: str) -> str:
    """Return an address in NFKC and lower case, without invisible characters, its domain as an A-label.

    Case is folded in Python, since databases do not fold all of Unicode. Control characters inside stay, so that
    validation refuses the address.
    """
    email = email.strip().lower()
    if len(email) > MAX_LENGTH or (email.isascii() and "xn--" not in email):  # too long for an address, or almost all
        return email
    email = unicodedata.normalize("NFKC", email).strip()
    if has_control(email):
        return email
    user, at, domain = email.rpartition("@")
    return without_invisible(user).strip().lower() + at + a_label(domain)


def refuse_unusable(address: str) -> None:
    """Raise ValidationError where Django takes for an address what no mail can be sent to."""
    try:
        validate_email(address)
    except ValidationError:
        return  # reported by the other validator
    refuse_control(address)
    if not address.rpartition("@")[2].isascii():  # IDNA has no form for it, such as for a label that is too long
        raise ValidationError(EmailValidator.message)


def as_typed(email: str) -> str:
    return without_invisible(email).strip()


class AddressFormField(forms.EmailField):
    """Normalizes before checking the length: lower case can be longer."""

    default_validators = [validate_email, refuse_unusable]

    def to_python(self, value: Any) -> str:
        return normalize_email(super().to_python(value) or "")


class TypedAddressFormField(AddressFormField):
    """Validates the canonical form, but returns the address as it was typed."""

    def clean(self, value: Any) -> str:
        return as_typed(value) if super().clean(value) else ""


class AddressField(models.EmailField):  # type: ignore[type-arg]
    """A column for canonical addresses. Migrations see an EmailField."""

    default_validators = [validate_email, refuse_unusable]

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(normalize_email(value) if isinstance(value, str) else value, model_instance)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": AddressFormField, **kwargs})

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs
