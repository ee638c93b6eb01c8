"""A filter for times by the clock of an event: `{% load clocks %}`, `{{ moment|clock_of:event.zone }}`."""

from datetime import datetime, tzinfo

from django.template import Library

from eventhub.admin.field_values import begins_at

register = Library()


@register.filter
def clock_of(moment: datetime | None, zone: tzinfo) -> str:
    return begins_at(moment, zone) if moment else ""
