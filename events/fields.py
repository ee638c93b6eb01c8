from typing import Any

from django.db import models
from django.db.models.sql.compiler import SQLInsertCompiler, SQLUpdateCompiler


class DatabaseCountField(models.PositiveIntegerField):  # type: ignore[type-arg]
    """A count that triggers keep (registrations/triggers.py). Django reads it and never writes it.

    Whatever an instance holds, `save()`, `update()`, `bulk_update()` and `loaddata` store what the database has, so
    that an event read a minute ago cannot overwrite the seats given since. Should a write get past this, the guard in
    the database counts again.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "default": 0, "db_default": 0, "editable": False, "serialize": False})

    def deconstruct(self) -> Any:
        """As the plain field, so that migrations do not depend on this class."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.PositiveIntegerField", args, kwargs

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        """SQL for a write that ignores the value; it still has to name it once."""
        if isinstance(compiler, SQLInsertCompiler):
            return "0 * %s"
        if isinstance(compiler, SQLUpdateCompiler):
            column = connection.ops.quote_name(self.column)
            return f"CASE WHEN 1 = 1 THEN {column} ELSE %s END"
        return "%s"
