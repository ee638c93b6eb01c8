"""How dates are written in the back office. Django asks a module of this place, before the settings."""

DATE_FORMAT, TIME_FORMAT, DATETIME_FORMAT = "j M Y", "H:i", "j M Y, H:i"

# As beside the fields, and as people type them. Django adds ISO 8601.
DATE_INPUT_FORMATS = ["%d %b %Y", "%d %B %Y"]
