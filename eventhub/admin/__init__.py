"""The back office: what its pages share, and the pages that belong to no model."""
