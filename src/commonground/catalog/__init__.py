"""The catalog: harvest the portals, keep every revision, report findings, search."""
