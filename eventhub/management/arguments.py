from argparse import ArgumentTypeError
from collections.abc import Collection, Iterable

from django.core.management.base import CommandError

from eventhub.api.fields import parse_integer


def mapped_columns(pairs: Iterable[str], fields: Collection[str], *, may_be_empty: bool = False) -> dict[str, str]:
    """Parse the values of --map: `["title=Subject"]` becomes `{"title": "Subject"}`."""
    columns: dict[str, str] = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if field not in fields or not equals or not (column.strip() or may_be_empty):
            raise CommandError(f"--map {pair}: expected FIELD=COLUMN with one of the fields {', '.join(fields)}.")
        if field in columns:
            raise CommandError(f"--map {pair}: {field} is already mapped.")
        columns[field] = column.strip()
    return columns


def integer_argument(text: str) -> int:
    """Parse an argument of a command."""
    try:
        return parse_integer(text)
    except ValueError as problem:
        raise ArgumentTypeError(str(problem)) from None
