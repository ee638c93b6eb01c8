"""Forms that somebody else's changes are safe from, however long they stay open."""

import json
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field, Model

from eventhub.admin.field_values import in_words
from eventhub.admin.model_admin import RefusableModelForm

OPENED = "opened"


class OptimisticForm(RefusableModelForm):
    """A form that carries along what its fields showed when it was opened (templates/office/opened.html prints it).

    What the person left alone keeps the value that it has by now, and is not among `changed_data`. Where somebody else
    has changed the same field meanwhile, the person is told, and overwrites it by saving again.
    """

    @cached_property
    def opened(self) -> dict[str, str]:
        """Each field's value at the time, as `as_text` has it; the present one where the browser does not say."""
        present = {name: as_text(self._present(name)) for name in self.fields}
        try:
            sent = json.loads(self.data.get(OPENED, "{}"))
        except (ValueError, RecursionError):
            sent = {}
        known = sent if isinstance(sent, dict) else {}
        return {name: str(known.get(name, text)) for name, text in present.items()}

    @property
    def original_values_as_json(self) -> str:
        return json.dumps(self.opened)

    @property
    def changed_data(self) -> list[str]:
        """The fields that the person has changed; what is not valid counts as changed."""
        if not self.instance.pk:
            return super().changed_data
        cleaned = self.cleaned_data if hasattr(self, "cleaned_data") else {}
        return [name for name in self.fields if name not in cleaned or as_text(cleaned[name]) != self.opened[name]]

    def clean(self) -> dict[str, Any] | None:
        if self.instance.pk:
            self._take_over_what_others_changed()
        return super().clean()

    def _take_over_what_others_changed(self) -> None:
        changed = self.changed_data
        for name in [name for name in self.fields if name in self.cleaned_data]:
            present = self._present(name)
            if name not in changed:
                self.cleaned_data[name] = present
            elif as_text(present) not in (self.opened[name], as_text(self.cleaned_data[name])):
                words = in_words(self._field_of(name), present)
                self.opened[name] = as_text(present)
                self.add_error(name, ValidationError(f"Meanwhile changed to “{words}”. Save again to have yours."))

    def _field_of(self, name: str) -> "Field[Any, Any]":
        field: Field[Any, Any] = self.instance._meta.get_field(name)
        return field

    def _present(self, name: str) -> Any:
        """What the database holds; the form touches its instance only after `clean`."""
        return getattr(self.instance, name, None)


def as_text(value: Any) -> str:
    """A value as a form's fields can give it back: to the second, with a browser's ends of lines."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(microsecond=0).isoformat()
    if isinstance(value, Model):
        return str(value.pk)
    return "\n".join(str(value).strip().splitlines())
