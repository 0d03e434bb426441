"""Doors for programs that are no page's twin: questions in SQL over the published tables."""
