"""Measures the service beside hand-written views in the same server: `python -m bench`. Nothing imports it."""
