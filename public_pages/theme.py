"""Name, colour and logo of the public pages: SITE_NAME, SITE_COLOUR and SITE_LOGO."""

import functools
import hashlib

from django.conf import settings

# The backgrounds of public_pages/static/public/public.css, and the contrast that WCAG AA wants of text on them.
LIGHT, DARK = "#ffffff", "#14181d"
CONTRAST = 4.5
_STEPS = 20


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb` (WCAG 2.2)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, background: str) -> str:
    """Return the colour, moved away from the background until text in it can be read there."""
    goal = "#000000" if luminance(background) > 0.5 else "#ffffff"
    for step in range(_STEPS + 1):
        mixed = _mix(colour, goal, step / _STEPS)
        if contrast(mixed, background) >= CONTRAST:
            return mixed
    return goal


@functools.lru_cache(8)
def stylesheet(colour: str) -> str:
    """Return the colours of a theme. Buttons have the text in the colour of the background."""
    return (
        f":root{{--brand:{readable(colour, LIGHT)}}}"
        f"@media (prefers-color-scheme:dark){{:root{{--brand:{readable(colour, DARK)}}}}}"
    )


@functools.lru_cache(8)
def version(colour: str) -> str:
    return hashlib.blake2b(stylesheet(colour).encode(), digest_size=4).hexdigest()


def site() -> dict[str, str]:
    """Return what every page shows of the site."""
    return {"name": settings.SITE_NAME, "logo": settings.SITE_LOGO, "theme": version(settings.SITE_COLOUR)}


def _channels(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def _mix(colour: str, goal: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(goal), strict=True)
    return "#" + "".join(f"{round(one + (other - one) * share):02x}" for one, other in pairs)
