"""The back office: what its pages have in common, and those of no model."""
