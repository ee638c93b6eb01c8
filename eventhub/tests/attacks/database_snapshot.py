"""All that is in the database, and all that one could wish to write into it."""

import functools
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection, models

OURS = ("accounts", "events", "registrations", "token_blacklist", "otp_totp", "otp_static")


def ours() -> list[Any]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


@functools.cache
def _statements() -> dict[Any, str]:
    return {model: str(model.objects.order_by().values_list().query) for model in ours()}


def everything() -> dict[Any, list[tuple[Any, ...]]]:
    """The rows of each of our tables, as the database has them."""
    found = {}
    with connection.cursor() as cursor:
        for model, statement in _statements().items():
            cursor.execute(statement)
            found[model] = cursor.fetchall()
    return found


def changes(before: Any, after: Any) -> set[tuple[str, str, str]]:
    """What differs, without what every write differs in: times, the keys of new rows, and what is random or hashed."""
    touched = [model for model in after if before[model] != after[model]]
    tables = {model: (_by_key(model, before[model]), _by_key(model, after[model])) for model in touched}
    new = {pk for old_rows, rows in tables.values() for pk in rows.keys() - old_rows.keys()}
    found = set()
    for model, (old_rows, rows) in tables.items():
        for pk in rows.keys() | old_rows.keys():
            was, becomes = old_rows.get(pk, {}), rows.get(pk, {})
            place = "new" if pk not in old_rows else str(pk)
            for name in was.keys() | becomes.keys():
                if was.get(name) != becomes.get(name) or place == "new":
                    found.add((f"{model._meta.label} {place}", name, _in_short(name, becomes.get(name), new)))
    return found


def _by_key(model: Any, rows: list[tuple[Any, ...]]) -> dict[Any, dict[str, Any]]:
    fields = model._meta.concrete_fields
    named = [{field.attname: field.to_python(value) for field, value in zip(fields, row, strict=True)} for row in rows]
    return {_key(model, row): row for row in named}


def _key(model: Any, row: dict[str, Any]) -> Any:
    key = tuple(row[field.attname] for field in model._meta.pk_fields)
    return key[0] if len(key) == 1 else key


def _in_short(name: str, value: Any, new: set[Any]) -> str:
    if name.endswith("id") and value in new:
        return "a new row"
    if isinstance(value, datetime):
        return "a time" if value.year >= 2020 else "a time long ago"
    if isinstance(value, str) and len(value) >= 32:
        return "something long"
    return repr(value)


def hostile(ids: list[int], turn: int) -> dict[str, Any]:
    """A value for every field of every model, and for what Django derives from them. In another `turn` another one."""
    wanted: dict[str, Any] = dict.fromkeys(("is_admin", "is_staff", "is_superuser", "fresh"), True)
    wanted |= {"pk": ids[3], "groups": [1], "user_permissions": [1], "_state": {"adding": False}, "__class__": "User"}
    for model in ours():
        flat = {}
        for field in model._meta.get_fields():
            value = _hostile(field, ids, turn)
            flat[field.name] = value
            if attname := getattr(field, "attname", None):
                flat[attname] = value
        nested = {model._meta.model_name: flat, f"{model._meta.model_name}_id": ids[3]}
        wanted |= {**flat, **nested}
    return wanted


def _hostile(field: Any, ids: list[int], turn: int) -> Any:
    if field.is_relation and (field.one_to_many or field.many_to_many):
        return ids
    if field.is_relation and field.auto_created:
        return {"user_id": ids[3], "name": "hostile"}
    if field.is_relation:
        return ids[3 + turn]
    if field.choices:
        return [value for value, _ in field.choices][-1 if turn else 0]
    match field:
        case models.BooleanField():
            return bool(turn)
        case models.DateTimeField():
            return "2001-01-01T00:00:00Z"
        case models.IntegerField():
            return 987 + turn
        case models.JSONField():
            return ["attendees:write"]
    return f"hostile{turn}"
