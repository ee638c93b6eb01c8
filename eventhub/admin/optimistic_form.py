"""Forms that do not overwrite changes made by others while the form was open."""

import json
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field, Model
from django.utils.dateparse import parse_datetime

from eventhub.admin.field_values import in_words
from eventhub.admin.model_admin import RefusableModelForm
from eventhub.admin.time_field import TimeOfDayField

ORIGINAL = "opened"


class OptimisticForm(RefusableModelForm):
    """A form that carries the original values of its fields (original_values.html prints them).

    Fields that the user did not change keep their present value. If somebody else has changed a field that the user
    changed too, the form shows an error, and saving again overwrites the other change.
    """

    @cached_property
    def original(self) -> dict[str, str]:
        """Return each field's original value as text, or the present one if the browser sent none."""
        present = {name: as_text(self._present(name)) for name in self.fields}
        try:
            sent = json.loads(self.data.get(ORIGINAL, "{}"))
        except (ValueError, RecursionError):
            sent = {}
        known = sent if isinstance(sent, dict) else {}
        return {name: str(known.get(name, text)) for name, text in present.items()}

    @property
    def original_as_json(self) -> str:
        return json.dumps(self.original)

    @property
    def changed_data(self) -> list[str]:
        if not self.instance.pk:
            return super().changed_data
        cleaned = self.cleaned_data if hasattr(self, "cleaned_data") else {}
        return [
            name
            for name, field in self.fields.items()
            if not field.disabled and (name not in cleaned or as_text(cleaned[name]) != self.original[name])
        ]

    def _clean_fields(self) -> None:
        for name, field in self.fields.items():
            if isinstance(field, TimeOfDayField) and self.instance.pk:
                field.original = parse_datetime(self.original[name])
        super()._clean_fields()  # type: ignore[misc]

    def clean(self) -> dict[str, Any] | None:
        if self.instance.pk:
            self._merge_other_changes()
        return super().clean()

    def _merge_other_changes(self) -> None:
        changed = self.changed_data
        for name in [name for name in self.fields if name in self.cleaned_data]:
            present = self._present(name)
            if name not in changed:
                self.cleaned_data[name] = present
            elif as_text(present) not in (self.original[name], as_text(self.cleaned_data[name])):
                words = in_words(self._field_of(name), present)
                self.original[name] = as_text(present)
                self.add_error(
                    name, ValidationError(f"Someone else changed this to “{words}”. Save again to overwrite it.")
                )

    def _field_of(self, name: str) -> "Field[Any, Any]":
        field: Field[Any, Any] = self.instance._meta.get_field(name)
        return field

    def _present(self, name: str) -> Any:
        """Return the stored value: the form changes its instance only after `clean`."""
        return getattr(self.instance, name, None)


def as_text(value: Any) -> str:
    """Return a value as a browser can send it back: times to the second, line ends normalized."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(microsecond=0).isoformat()
    if isinstance(value, Model):
        return str(value.pk)
    return "\n".join(str(value).strip().splitlines())
