"""Bar charts, drawn by unfold with Chart.js, once for each theme."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple


class Theme(NamedTuple):
    shown: str  # unfold's classes
    ink: str
    bars: str


LIGHT = Theme("h-72 dark:hidden", "#374151", "var(--color-primary-600)")
DARK = Theme("h-72 hidden dark:block", "#d1d5db", "var(--color-primary-500)")


class DataSet(NamedTuple):
    label: str
    data: Sequence[int]


class Chart(NamedTuple):
    shown: str
    data: str
    options: str


def charts(labels: Sequence[str], filled: DataSet, outlined: DataSet | None = None) -> list[Chart]:
    """Return the same chart for both themes: filled bars, and outlined ones beside them."""
    return [_chart(theme, labels, filled, outlined) for theme in (LIGHT, DARK)]


def _chart(theme: Theme, labels: Sequence[str], filled: DataSet, outlined: DataSet | None) -> Chart:
    sets: list[dict[str, Any]] = [{**filled._asdict(), "backgroundColor": theme.bars}]
    if outlined:
        line = {"backgroundColor": "transparent", "borderColor": theme.ink, "borderWidth": 1}
        sets.append({**outlined._asdict(), **line})
    data = {"labels": labels, "datasets": sets}
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
