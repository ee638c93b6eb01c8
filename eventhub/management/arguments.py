"""What the commands that read tables are told."""

from collections.abc import Collection, Iterable

from django.core.management.base import CommandError


def mapped_columns(pairs: Iterable[str], fields: Collection[str]) -> dict[str, str]:
    """The values of --map: `["title=Subject"]` as `{"title": "Subject"}`. CommandError for what makes no sense."""
    columns: dict[str, str] = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if field not in fields or not equals or not column.strip():
            raise CommandError(f"--map {pair}: Give FIELD=COLUMN, with one of these fields: {', '.join(fields)}.")
        if field in columns:
            raise CommandError(f"--map {pair}: {field} is mapped already.")
        columns[field] = column
    return columns
