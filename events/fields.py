"""Columns that triggers keep (registrations/triggers), and that Django reads but never writes.

Whatever an instance holds, a save stores what the database has: an old event cannot overwrite newer seats.
"""

from typing import Any

from django.db import models
from django.db.models.sql.compiler import SQLInsertCompiler, SQLUpdateCompiler


class _KeptByTriggers:
    column: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "default": 0, "db_default": 0, "editable": False, "serialize": False})

    def deconstruct(self) -> Any:
        """Name the plain field, so that migrations do not depend on this class."""
        plain = type(self).__mro__[2]
        name, _, args, kwargs = super().deconstruct()  # type: ignore[misc]
        return name, f"django.db.models.{plain.__name__}", args, kwargs

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        """Return SQL that ignores the value but names it once."""
        if isinstance(compiler, SQLInsertCompiler):
            return "0 * %s"
        if isinstance(compiler, SQLUpdateCompiler):
            column = connection.ops.quote_name(self.column)
            return f"CASE WHEN 1 = 1 THEN {column} ELSE %s END"
        return "%s"


class DatabaseCountField(_KeptByTriggers, models.PositiveIntegerField):  # type: ignore[type-arg, misc]
    """A count of other rows."""


class DatabaseKeyField(_KeptByTriggers, models.BigIntegerField):  # type: ignore[type-arg, misc]
    """A copy of another row's foreign key."""
