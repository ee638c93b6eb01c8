"""The chart of registrations by day, drawn by unfold with Chart.js."""

import json
from typing import Any, NamedTuple

from django.template.defaultfilters import date as written

from registrations.selectors.dashboard import Day


class Theme(NamedTuple):
    shown: str  # unfold's classes
    ink: str
    bars: str


LIGHT = Theme("h-72 dark:hidden", "#374151", "var(--color-primary-600)")
DARK = Theme("h-72 hidden dark:block", "#d1d5db", "var(--color-primary-500)")
THEMES = (LIGHT, DARK)


class Chart(NamedTuple):
    shown: str
    data: str
    options: str


def chart(days: list[Day], theme: Theme) -> Chart:
    registered = {"label": "Registrations", "data": [day.registered for day in days]}
    cancelled = {"label": "Cancellations", "data": [day.cancelled for day in days]}
    data = {
        "labels": [written(day.day, "j M") for day in days],
        "datasets": [
            {**registered, "backgroundColor": theme.bars},
            {**cancelled, "backgroundColor": "transparent", "borderColor": theme.ink, "borderWidth": 1},
        ],
    }
    return Chart(theme.shown, json.dumps(data), json.dumps(chart_options(theme.ink)))


def chart_options(ink: str) -> dict[str, Any]:
    days = {"grid": {"display": False}, "ticks": {"color": ink, "maxRotation": 0, "autoSkipPadding": 16}}
    people = {"beginAtZero": True, "suggestedMax": 4, "grid": {}, "ticks": {"color": ink, "precision": 0}}
    return {
        "animation": False,
        "maintainAspectRatio": False,
        "interaction": {"mode": "index", "intersect": False},
        "plugins": {"legend": {"display": False}},
        "scales": {"x": days, "y": people},
    }
