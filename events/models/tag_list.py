"""The tags of each event in a query, as a column."""

from typing import Any, TypedDict

from django.apps import apps
from django.db.models import Func, JSONField, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject


class TagRow(TypedDict):
    slug: str
    name: str
    kind: str


class _JsonRows(Func):
    """All rows as one list; not an aggregate to Django, which would group them."""

    function = "jsonb_agg"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, function="json_group_array", **extra)


def tag_list() -> Subquery:
    """Return a column with a `TagRow` for each tag of an event, in no order. PostgreSQL has null for none."""
    tags = apps.get_model("events.EventTag").objects.filter(event=OuterRef("pk")).order_by()
    row = JSONObject(slug="tag__slug", name="tag__name", kind="tag__kind")
    return Subquery(tags.values(rows=_JsonRows(row)), output_field=JSONField())


def events_with(tags: QuerySet[Any]) -> Any:
    """Return the ids of the events with one of these tags."""
    # Read first, so that PostgreSQL knows how common each of them is.
    pks = list(tags.order_by().values_list("pk", flat=True))
    return apps.get_model("events.EventTag").objects.filter(tag__in=pks).values("event")


def in_order(tags: list[TagRow] | None) -> list[TagRow]:
    return sorted(tags or [], key=lambda tag: (tag["kind"], tag["name"].casefold(), tag["slug"]))
