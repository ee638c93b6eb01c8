"""How dates are written in the back office. Django asks a module of this place, before the settings."""

DATE_FORMAT, TIME_FORMAT, DATETIME_FORMAT = "j M Y", "H:i", "j M Y, H:i"
